// A token bucket: how often something may happen.

export interface Rate {
  /** At once, after a quiet while. */
  burst: number;
  perSecond: number;
}

/** Returns the function to ask each time. False: too many. */
export function createRateBound(rate: Rate, now: () => number): () => boolean {
  let left = rate.burst;
  let countedAt = now();
  return () => {
    const at = now();
    left = Math.min(rate.burst, left + (Math.max(0, at - countedAt) / 1000) * rate.perSecond);
    countedAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
