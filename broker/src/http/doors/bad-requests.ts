// Counts connections that the broker ended before a whole request came over them, and logs them within a rate.
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../../domain/log.ts';
import { createRefusalLog } from '../../domain/bounds/refusal-log.ts';

/** The label of `mcpgate_http_bad_requests_total`. */
export type BadRequest =
  /** The head or the body did not come in time. */
  | 'slow'
  | 'headers_too_long'
  /** What came is no HTTP. */
  | 'malformed'
  /** The TLS handshake failed: plain HTTP, an old version, or no end of it. */
  | 'tls'
  /** Too many connections of strangers were open, and the one that was unused for longest was ended. */
  | 'too_many';

export interface BadRequests {
  /** `address`: that of the connection's peer. */
  note(reason: BadRequest, address: string | undefined): void;
  /** Has each told to `listener` too, from now on: the socket is opened before there is a log that could be told. */
  listen(listener: (reason: BadRequest, address: string | undefined) => void): void;
  readonly counts: ReadonlyMap<string, number>;
}

export function createBadRequests({ log, clock }: { log: Log; clock: Clock }): BadRequests {
  const refusals = createRefusalLog<BadRequest>({ log, clock });
  let told: (reason: BadRequest, address: string | undefined) => void = () => undefined;
  return {
    counts: refusals.counts,
    note(reason, address) {
      refusals.note(reason, { address }, 'a connection was ended before a whole request came');
      told(reason, address);
    },
    listen(listener) {
      told = listener;
    },
  };
}
