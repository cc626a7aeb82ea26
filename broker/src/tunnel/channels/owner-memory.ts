// A bound on what all channels of one credential keep in memory together. Bytes come and go in many places; so they are only added
// here as they come, and counted anew where that sum reaches the bound.

export interface OwnerMemory {
  /** False: `bytes` more do not fit. */
  admits(bytes: number): boolean;
}

export function createOwnerMemory(limitBytes: number, measure: () => number): OwnerMemory {
  let counted = 0;
  let since = 0;
  return {
    admits(bytes) {
      since += bytes;
      if (counted + since <= limitBytes) return true;
      counted = measure();
      since = bytes;
      return counted + since <= limitBytes;
    },
  };
}
