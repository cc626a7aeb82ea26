// Connections that were ended before a whole request came: counted always, logged as far as a flood leaves room in the log.
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../../domain/log.ts';
import { createRefusalLog } from '../../domain/refusal-log.ts';

/** The label of `mcpgate_http_bad_requests_total`. */
export type BadRequest =
  /** The head or the body did not come in time. */
  | 'slow'
  | 'headers_too_long'
  /** No HTTP. */
  | 'malformed'
  /** No TLS handshake that leads to anything: plain HTTP, old versions, one that never ends. */
  | 'tls'
  /** So many connections of strangers are open that the oldest is ended. */
  | 'too_many';

export interface BadRequests {
  /** `address`: of the connection's peer. */
  note(reason: BadRequest, address: string | undefined): void;
  readonly counts: ReadonlyMap<string, number>;
}

export function createBadRequests({ log, clock }: { log: Log; clock: Clock }): BadRequests {
  const refusals = createRefusalLog<BadRequest>({ log, clock });
  return {
    counts: refusals.counts,
    note: (reason, address) => refusals.note(reason, { address }, 'a connection was ended before a whole request came'),
  };
}
