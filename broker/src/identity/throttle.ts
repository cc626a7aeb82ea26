// Slows down guessing: passwords by account and by address, user codes by address. Counts in this process; a try counts before it is
// judged, so that many tries at once are no way around.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface Throttle {
  /** Counts a try; how long to wait, in ms, where there were too many, else 0. */
  hit(key: string): Promise<number>;
  /** Forgets the tries: the person has shown who it is. */
  forget(key: string): Promise<void>;
  /** Takes one try back: it was a good one. */
  forgive(key: string): Promise<void>;
}

export function createThrottle({ tries, windowS }: { tries: number; windowS: number }): Throttle {
  const limiter = new RateLimiterMemory({ points: tries, duration: windowS });
  return {
    async hit(key) {
      try {
        await limiter.consume(key);
        return 0;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1000, refusal.msBeforeNext);
        throw refusal;
      }
    },
    async forget(key) {
      await limiter.delete(key);
    },
    async forgive(key) {
      await limiter.reward(key);
    },
  };
}
