// One at a time per key, in this process. Waiters go in order; a key costs nothing once nobody holds it.

export interface KeyedLock {
  /** Waits for the key; resolves to the function that gives it back, and whether somebody else held it before. */
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
