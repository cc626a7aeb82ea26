// What the event logs of one login keep together, however many sessions it opens: past the limit the oldest event of all its sessions goes.
import type { EventLog } from './event-log.ts';

export interface EventMemory {
  /** From now on the log counts; undone by what is returned. */
  count(owner: string, log: EventLog): () => void;
  /** Something was added to a log of this owner. */
  added(owner: string): void;
  /** Lets go of what is past its time, of everybody. */
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
