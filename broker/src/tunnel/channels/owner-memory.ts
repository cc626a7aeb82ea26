// A bound on the memory that all channels of one credential take together. Bytes are freed in many places, so this only adds up the bytes
// that arrive; when the sum reaches the bound, it measures how much is really in use.

export interface OwnerMemory {
  /** Adds `bytes` to the sum. False: they do not fit. */
  admits(bytes: number): boolean;
}

/** `measure`: counts the bytes that all channels keep now. */
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
