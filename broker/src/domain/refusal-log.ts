// What strangers had refused: counted always, logged as far as a flood leaves room in the log.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Log } from './log.ts';

/** Lines a reason; past it they are counted and told with the next one. */
const LINES = { burst: 10, perSecond: 0.1 };

export interface RefusalLog<Reason extends string> {
  /** `who`: names for the log, no secrets. */
  note(reason: Reason, who: Readonly<Record<string, unknown>>, message: string): void;
  readonly counts: ReadonlyMap<Reason, number>;
}

export function createRefusalLog<Reason extends string>({
  log,
  clock,
  level = 'warn',
}: {
  log: Log;
  clock: Clock;
  level?: 'info' | 'warn';
}): RefusalLog<Reason> {
  const counts = new Map<Reason, number>();
  const lines = new Map<Reason, { mayLog: () => boolean; unlogged: number }>();
  return {
    counts,
    note(reason, who, message) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      let line = lines.get(reason);
      if (line === undefined) lines.set(reason, (line = { mayLog: createRateBound(LINES, clock.now), unlogged: 0 }));
      if (!line.mayLog()) {
        line.unlogged += 1;
        return;
      }
      log[level]({ ...who, reason, ...(line.unlogged > 0 && { unlogged: line.unlogged }) }, message);
      line.unlogged = 0;
    },
  };
}
