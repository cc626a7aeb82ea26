// Bounds what all event logs of one owner keep together, however many sessions it opens: past the limit the oldest events of these sessions are dropped.
import type { EventLog } from './event-log.ts';

export interface EventMemory {
  /** Counts a log for its owner from now on; returns the function that ends that. */
  count(owner: string, log: EventLog): () => void;
  /** To be called after an event was added to a log of this owner: drops the oldest events past the limit. */
  added(owner: string): void;
  /** Drops the events of all owners that are older than they are kept. */
  expire(): void;
}

export function createEventMemory(ownerBytes: number): EventMemory {
  const byOwner = new Map<string, Set<EventLog>>();

  return {
    count(owner, log) {
      const own = byOwner.get(owner) ?? new Set();
      own.add(log);
      byOwner.set(owner, own);
      return () => {
        own.delete(log);
        if (own.size === 0) byOwner.delete(owner);
      };
    },
    added(owner) {
      const own = [...(byOwner.get(owner) ?? [])];
      let bytes = own.reduce((sum, log) => sum + log.bytes, 0);
      while (bytes > ownerBytes) {
        const [first, ...others] = own.filter(({ oldestAt }) => oldestAt !== undefined);
        if (first === undefined) return;
        const oldest = others.reduce((a, b) => ((b.oldestAt ?? 0) < (a.oldestAt ?? 0) ? b : a), first);
        bytes -= oldest.dropOldest();
      }
    },
    expire() {
      for (const own of byOwner.values()) for (const log of own) log.expire();
    },
  };
}
