// Counts what the broker refused to strangers, by reason, and logs it within a rate, so that a flood of refusals cannot fill the log.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Log } from '../log.ts';

/** Log lines for each reason. Refusals past this rate are counted; the next line for that reason says how many there were (`unlogged`). */
const LINES = { burst: 10, perSecond: 0.1 };

export interface RefusalLog<Reason extends string> {
  /** Counts a refusal, and logs `message` with `who` where the rate allows it. `who` must hold no secrets. */
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
