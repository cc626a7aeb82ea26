// What no part of the broker has caught: an exception, a rejection, an `error` event that nobody listens for, an output that has gone. None of
// it ends the process. Each is counted, logged as far as a flood leaves room, and told to whoever must not rely on what it knows any more.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Log } from './log.ts';

/** The label of `mcpgate_unexpected_errors_total`. */
export type UnexpectedKind = 'exception' | 'rejection' | 'output';

export interface Unexpected {
  note(kind: UnexpectedKind, error: unknown): void;
  readonly counts: ReadonlyMap<UnexpectedKind, number>;
  /** Called with each exception and rejection. Returns the function that ends it. */
  listen(listener: () => void): () => void;
}

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
      // Where nobody reads the log any more, a line about it would be the next error.
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
