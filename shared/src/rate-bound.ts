// A token bucket, which limits how often something may happen.

export interface Rate {
  /** How often in a row, after a pause. */
  burst: number;
  perSecond: number;
}

/** Returns a function to call each time; it returns false where that is too often. */
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
