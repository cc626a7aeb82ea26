// A queue in which the keys take turns: one of each, then one of each again, in the order in which they came. Keys may share rooms, in
// which those who wait are counted.

export interface FairQueue<Item> {
  push(key: string, item: Item, room?: string): void;
  next(): Item | undefined;
  /** How many of this key wait. */
  of(key: string): number;
  inRoom(room: string): number;
  /** Keys of which some wait. */
  readonly keys: number;
  readonly size: number;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** In the order of their turns. */
  const queues = new Map<string, { item: Item; room: string }[]>();
  const rooms = new Map<string, number>();
  let size = 0;
  const count = (room: string, change: number) => {
    const now = (rooms.get(room) ?? 0) + change;
    if (now > 0) rooms.set(room, now);
    else rooms.delete(room);
    size += change;
  };
  return {
    push(key, item, room = key) {
      const queue = queues.get(key);
      if (queue === undefined) queues.set(key, [{ item, room }]);
      else queue.push({ item, room });
      count(room, 1);
    },
    next() {
      for (const [key, queue] of queues) {
        const first = queue.shift();
        queues.delete(key);
        if (queue.length > 0) queues.set(key, queue);
        if (first === undefined) continue;
        count(first.room, -1);
        return first.item;
      }
      return undefined;
    },
    of: (key) => queues.get(key)?.length ?? 0,
    inRoom: (room) => rooms.get(room) ?? 0,
    get keys() {
      return queues.size;
    },
    get size() {
      return size;
    },
  };
}
