// How long a connection may stand unused before it is stopped: longer for one that was wanted again soon after it was stopped.
import type { Clock } from 'mcpgate-shared/clock';

export interface IdleTime {
  /** For how long it may stand unused now. */
  readonly ms: number;
  /** It was stopped for being idle. */
  stopped(): void;
  /** It was started because somebody wants it. */
  wanted(): void;
}

const MAX_FACTOR = 8;

/** `baseMs`: what is configured. Wanted again within as much: the next stop comes after twice the time; later: after half of it, never below. */
export function createIdleTime({ clock, baseMs }: { clock: Clock; baseMs: number }): IdleTime {
  let factor = 1;
  let stoppedAt: number | undefined;
  return {
    get ms() {
      return baseMs * factor;
    },
    stopped() {
      stoppedAt = clock.now();
    },
    wanted() {
      if (stoppedAt === undefined) return;
      const isSoon = clock.now() - stoppedAt < baseMs;
      factor = isSoon ? Math.min(factor * 2, MAX_FACTOR) : Math.max(factor / 2, 1);
      stoppedAt = undefined;
    },
  };
}
