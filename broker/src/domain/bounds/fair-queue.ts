// A queue in which keys take turns, so that no key with many items delays the others: it gives out one item of each key, then one of each again.
// The items of several keys may be counted together under one quota; the caller compares that count with its limit.

export interface FairQueue<Item> {
  /** `quota`: under what the item is counted besides; the key itself unless said. */
  push(key: string, item: Item, quota?: string): void;
  /** Takes the item out whose turn it is; undefined where the queue is empty. */
  next(): Item | undefined;
  /** How many items of this key wait. */
  of(key: string): number;
  /** How many items wait that are counted under this quota. */
  inQuota(quota: string): number;
  /** How many keys have items that wait. */
  readonly keys: number;
  readonly size: number;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** The keys in the order of their turns. */
  const queues = new Map<string, { item: Item; quota: string }[]>();
  const quotas = new Map<string, number>();
  let size = 0;
  const count = (quota: string, change: number) => {
    const now = (quotas.get(quota) ?? 0) + change;
    if (now > 0) quotas.set(quota, now);
    else quotas.delete(quota);
    size += change;
  };
  return {
    push(key, item, quota = key) {
      const queue = queues.get(key);
      if (queue === undefined) queues.set(key, [{ item, quota }]);
      else queue.push({ item, quota });
      count(quota, 1);
    },
    next() {
      for (const [key, queue] of queues) {
        const first = queue.shift();
        queues.delete(key);
        if (queue.length > 0) queues.set(key, queue);
        if (first === undefined) continue;
        count(first.quota, -1);
        return first.item;
      }
      return undefined;
    },
    of: (key) => queues.get(key)?.length ?? 0,
    inQuota: (quota) => quotas.get(quota) ?? 0,
    get keys() {
      return queues.size;
    },
    get size() {
      return size;
    },
  };
}
