// How long a connection may be idle before it is stopped: longer for one that was needed again soon after it was stopped.
import type { Clock } from 'mcpgate-shared/clock';

export interface IdleTime {
  /** How long the connection may be idle now. */
  readonly ms: number;
  /** The connection was stopped for being idle. */
  stopped(): void;
  /** A call needs the connection, which is started again. */
  wanted(): void;
}

const MAX_FACTOR = 8;

/**
 * `baseMs`: the configured idle time. A connection that is wanted again within that gets twice its idle time from then on, else half of it,
 * between once and eight times `baseMs`.
 */
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
