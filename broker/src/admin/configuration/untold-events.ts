// What the log is to have of a configuration that was applied: committed with the changes, and written into the log right after them. Where a broker
// ends between the two, the next one does it, so that the log tells of all that was applied, and of nothing else.
import type { Audit } from '../../audit/audit.ts';
import { searchWhole } from '../../audit/search/search-whole.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { Clock } from 'mcpgate-shared/clock';
import type { Log } from '../../domain/log.ts';
import { shortId } from '../../store/short-id.ts';
import type { Store } from '../../store/store.ts';

/** A broker tells what it has applied within that time, or another one does. */
const LEASE_MS = 10_000;
/** So many events of one kind and subject are looked at, to find one that was written just before its broker ended. */
const LOOKED_AT = 50;

type Inside = Pick<Store, 'untoldEvents'>;

/** To be called in the transaction. Returns the name of the batch. */
export async function keepUntold(
  inside: Inside,
  clock: Pick<Clock, 'now'>,
  workspaceId: string,
  events: readonly AuditEvent[],
): Promise<string> {
  const batch = shortId('u_', 12);
  const now = clock.now();
  await inside.untoldEvents.put(workspaceId, batch, events, { now, leaseUntil: now + LEASE_MS });
  return batch;
}

/** Writes a batch that this broker has kept into the log. Throws `unavailable` where the log cannot be written now; it is told later then. */
export async function tellKept(
  { store, audit }: { store: Inside; audit: Pick<Audit, 'event'> },
  batch: string,
  events: readonly AuditEvent[],
): Promise<void> {
  for (const [place, event] of events.entries()) {
    await audit.event(event);
    await store.untoldEvents.done(batch, place);
  }
}

interface Needs {
  store: Inside;
  audit: Pick<Audit, 'event' | 'findEvents'>;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** No other broker is on this database. */
  isAlone: boolean;
}

/** Tells what brokers have left that ended; at once where this one is alone, else once their leases are over. Returns the function that ends it. */
export async function tellLeft({ store, audit, clock, log, isAlone }: Needs): Promise<() => void> {
  async function isLogged({ workspace_id, type, subject, actor, data }: AuditEvent, since: number): Promise<boolean> {
    const search = { workspaceId: workspace_id, type, since, limit: LOOKED_AT, ...(subject !== null && { subject }) };
    const records = await searchWhole((part) => audit.findEvents(part), search);
    return records.some((each) => each.actor === actor && sameData(each.data, data));
  }

  async function tellAll(now: number): Promise<void> {
    for (;;) {
      const left = await store.untoldEvents.lease(now, clock.now() + LEASE_MS);
      if (left === undefined) return;
      for (const [at, { place, event }] of left.events.entries()) {
        // Only the first may be in the log: its broker ended before it could say so.
        if (at > 0 || !(await isLogged(event, left.createdAt - LEASE_MS))) await audit.event(event);
        await store.untoldEvents.done(left.batch, place);
      }
    }
  }

  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(LEASE_MS / 2, () => {
      tellAll(clock.now())
        .catch((error: unknown) => log.warn({ err: error }, 'what a configuration changed is not in the log yet'))
        .finally(again);
    });
  };
  await tellAll(isAlone ? Infinity : clock.now());
  again();
  return () => cancel();
}

/** Of an event that was read back, whose members may come in another order. */
function sameData(one: AuditEvent['data'], other: AuditEvent['data']): boolean {
  const sorted = (data: AuditEvent['data']): string =>
    JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
