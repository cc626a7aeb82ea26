// Connections that were ended before a whole request came: counted always, logged as far as a flood leaves room in the log.
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../domain/log.ts';

/** The label of `mcpgate_http_bad_requests_total`. */
export type BadRequest =
  /** The head or the body did not come in time. */
  | 'slow'
  | 'headers_too_long'
  /** No HTTP. */
  | 'malformed'
  /** No TLS handshake that leads to anything: plain HTTP, old versions, one that never ends. */
  | 'tls';

/** Lines a reason; past it they are counted and told with the next one. */
const LINES = { burst: 10, perSecond: 0.1 };

export interface BadRequests {
  /** `address`: of the connection's peer. */
  note(reason: BadRequest, address: string | undefined): void;
  readonly counts: ReadonlyMap<string, number>;
}

export function createBadRequests({ log, clock }: { log: Log; clock: Clock }): BadRequests {
  const counts = new Map<string, number>();
  const lines = new Map<BadRequest, { mayLog: () => boolean; unlogged: number }>();
  return {
    counts,
    note(reason, address) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      let line = lines.get(reason);
      if (line === undefined) lines.set(reason, (line = { mayLog: createRateBound(LINES, clock.now), unlogged: 0 }));
      if (!line.mayLog()) {
        line.unlogged += 1;
        return;
      }
      const fields = { address, reason, ...(line.unlogged > 0 && { unlogged: line.unlogged }) };
      log.warn(fields, 'a connection was ended before a whole request came');
      line.unlogged = 0;
    },
  };
}
