// A queue in which the keys take turns: one of each, then one of each again, in the order in which they came.

export interface FairQueue<Item> {
  push(key: string, item: Item): void;
  next(): Item | undefined;
  /** How many of this key wait. */
  of(key: string): number;
  /** Keys of which some wait. */
  readonly keys: number;
  readonly size: number;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** In the order of their turns. */
  const queues = new Map<string, Item[]>();
  let size = 0;
  return {
    push(key, item) {
      const queue = queues.get(key);
      if (queue === undefined) queues.set(key, [item]);
      else queue.push(item);
      size += 1;
    },
    next() {
      for (const [key, queue] of queues) {
        const item = queue.shift();
        queues.delete(key);
        if (queue.length > 0) queues.set(key, queue);
        size -= 1;
        return item;
      }
      return undefined;
    },
    of: (key) => queues.get(key)?.length ?? 0,
    get keys() {
      return queues.size;
    },
    get size() {
      return size;
    },
  };
}
