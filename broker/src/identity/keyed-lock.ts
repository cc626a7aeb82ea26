// A lock for each key, within this process. Those who wait get it in the order in which they came; a key that nobody holds takes no memory.

export interface KeyedLock {
  /** Waits for the lock. `release` gives it back; `waited`: whether it was held before, so that what was read earlier may be out of date. */
  acquire(key: string): Promise<{ release: () => void; waited: boolean }>;
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(key) {
      const before = tails.get(key);
      const { promise, resolve } = Promise.withResolvers<void>();
      tails.set(key, promise);
      await before;
      return {
        waited: before !== undefined,
        release() {
          if (tails.get(key) === promise) tails.delete(key);
          resolve();
        },
      };
    },
  };
}
