// Errors that no part of the broker has caught: an exception, a rejected promise, an `error` event without a listener, a closed stdout or stderr.
// None of them ends the process. Each is counted, and logged within a rate. Listeners hear of it, because whatever broke off may have been the
// handling of a change: `replicas` then reads everything again.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Log } from './log.ts';

/** The label of `mcpgate_unexpected_errors_total`. */
export type UnexpectedKind = 'exception' | 'rejection' | 'output';

export interface Unexpected {
  note(kind: UnexpectedKind, error: unknown): void;
  readonly counts: ReadonlyMap<UnexpectedKind, number>;
  /** Calls `listener` after each exception and rejection. Returns the function that removes it. */
  listen(listener: () => void): () => void;
}

/** Log lines; errors past this rate are counted, and the next line says how many there were. */
const LOGGED = { burst: 20, perSecond: 1 };

export function createUnexpected({ log, clock }: { log: Log; clock: Clock }): Unexpected {
  const counts = new Map<UnexpectedKind, number>();
  const listeners = new Set<() => void>();
  const mayLog = createRateBound(LOGGED, clock.now);
  let unlogged = 0;
  return {
    counts,
    note(kind, error) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      // The output that failed is where the log goes: a line about it would fail too.
      if (kind === 'output') return;
      if (mayLog()) {
        log.error({ err: error, kind, ...(unlogged > 0 && { unlogged }) }, 'an unexpected error; the broker goes on');
        unlogged = 0;
      } else unlogged += 1;
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
