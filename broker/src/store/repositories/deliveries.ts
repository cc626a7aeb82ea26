// Queues of what is to be delivered outside, one for each destination. A broker takes a queue by a lease, and only its holder says what became of
// an item; of a holder that was killed the lease ends by itself.
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';

export interface DeliveryItem {
  workspaceId: string;
  /** What is delivered there, and where: `approvals:WORKSPACE/NAME`. */
  destination: string;
  /** Stable: whoever gets it twice knows it by this. */
  id: string;
  payload: string;
  createdAt: number;
}

export interface QueueBounds {
  mostItems: number;
  mostBytes: number;
  /** What was put in before is let go, ms since the epoch. */
  oldest: number;
}

export interface QueueState {
  workspaceId: string;
  destination: string;
  queued: number;
  bytes: number;
  /** When the first of them was put in. */
  oldestAt: number | null;
  attempts: number;
  /** When it is tried next. */
  nextAt: number;
  lastError: string | null;
  /** When something last arrived; null: nothing has. */
  deliveredAt: number | null;
  /** Where the broker runs that tried last. */
  triedBy: string | null;
}

/** `location`: of the broker, for people to read. */
export interface QueueLease {
  holder: string;
  location: string;
  now: number;
  until: number;
}

export interface DeliveriesRepository {
  /** False where the same id is there already, or was delivered lately. */
  put(item: DeliveryItem): Promise<boolean>;
  /** Lets the oldest go until the rest is within the bounds; how many. */
  trim(destination: string, bounds: QueueBounds): Promise<number>;
  /** The destinations that have something, and may be tried now. */
  due(now: number): Promise<string[]>;
  /** Takes the queue, or goes on with it. How often its first item was tried; undefined: another broker has it, or it is not time yet. */
  lease(destination: string, lease: QueueLease): Promise<number | undefined>;
  /** The first that waits. */
  first(destination: string): Promise<DeliveryItem | undefined>;
  /** It has arrived, or is let go. False where the lease is another broker's by now. */
  done(destination: string, id: string, at: { holder: string; now: number; arrived: boolean }): Promise<boolean>;
  /** The first one did not arrive; the lease is over. */
  failed(destination: string, holder: string, next: { at: number; error: string }): Promise<void>;
  release(destination: string, holder: string): Promise<void>;
  /** Has the first one tried now, however often it was in vain. */
  tryNow(destination: string): Promise<void>;
  /** Of one workspace, or of all; those that have nothing included. */
  states(workspaceId?: string): Promise<QueueState[]>;
  /** Forgets a destination, with what waits for it. */
  forget(destination: string): Promise<void>;
  /** Forgets what was delivered before then. */
  sweep(before: number): Promise<void>;
}

const TRIMMED_AT_ONCE = 500;
const STATE_COLUMNS = [
  ...(['state.workspace_id', 'state.destination', 'state.attempts', 'state.next_at', 'state.last_error'] as const),
  ...(['state.delivered_at', 'state.tried_by'] as const),
] as const;

export function createDeliveries(db: Kysely<Database>): DeliveriesRepository {
  const waiting = (destination: string) =>
    db.selectFrom('deliveries').where('destination', '=', destination).where('done_at', 'is', null);

  return {
    put: ({ workspaceId, destination, id, payload, createdAt }) =>
      db.transaction().execute(async (trx) => {
        await trx
          .insertInto('delivery_states')
          .values({
            ...{ destination, workspace_id: workspaceId, attempts: 0, next_at: 0, last_error: null },
            ...{ lease_holder: null, lease_until: 0, delivered_at: null, tried_by: null },
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        const put = await trx
          .insertInto('deliveries')
          .values({
            ...{ workspace_id: workspaceId, destination, id, payload, bytes: Buffer.byteLength(payload) },
            ...{ created_at: createdAt, done_at: null },
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return put.numInsertedOrUpdatedRows === 1n;
      }),
    async trim(destination, { mostItems, mostBytes, oldest }) {
      const all = await waiting(destination)
        .select(({ fn }) => [fn.countAll<number | string>().as('count'), fn.min('created_at').as('oldest')])
        .select(sql<number | string>`coalesce(sum(bytes), 0)`.as('bytes'))
        .executeTakeFirstOrThrow();
      let [count, bytes] = [Number(all.count), Number(all.bytes)];
      const isOver = () => count > mostItems || bytes > mostBytes;
      if (!isOver() && (all.oldest === null || all.oldest >= oldest)) return 0;
      let gone = 0;
      // From the oldest on and only as many as have to go: this is asked at each thing that is put in, and a queue may be long.
      for (;;) {
        const rows = await waiting(destination)
          .select(['number', 'bytes', 'created_at'])
          .orderBy('number')
          .limit(TRIMMED_AT_ONCE)
          .execute();
        const dropped: typeof rows = [];
        for (const row of rows) {
          if (!isOver() && row.created_at >= oldest) break;
          count -= 1;
          bytes -= row.bytes;
          dropped.push(row);
        }
        const newest = dropped.at(-1);
        if (newest === undefined) return gone;
        const done = await db
          .updateTable('deliveries')
          .set({ done_at: newest.created_at, payload: '', bytes: 0 })
          .where(
            'number',
            'in',
            dropped.map(({ number }) => number),
          )
          .where('done_at', 'is', null)
          .executeTakeFirst();
        gone += Number(done.numUpdatedRows);
        if (dropped.length < rows.length || rows.length < TRIMMED_AT_ONCE) return gone;
      }
    },
    async due(now) {
      const rows = await db
        .selectFrom('delivery_states')
        .select('destination')
        .where('next_at', '<=', now)
        .where('lease_until', '<=', now)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('deliveries')
              .select('deliveries.number')
              .whereRef('deliveries.destination', '=', 'delivery_states.destination')
              .where('done_at', 'is', null),
          ),
        )
        .orderBy('next_at')
        .limit(100)
        .execute();
      return rows.map(({ destination }) => destination);
    },
    async lease(destination, { holder, location, now, until }) {
      const row = await db
        .updateTable('delivery_states')
        .set({ lease_holder: holder, lease_until: until, tried_by: location })
        .where('destination', '=', destination)
        .where('next_at', '<=', now)
        .where((eb) => eb.or([eb('lease_until', '<=', now), eb('lease_holder', '=', holder)]))
        .returning('attempts')
        .executeTakeFirst();
      return row?.attempts;
    },
    async first(destination) {
      const row = await waiting(destination).selectAll().orderBy('number').limit(1).executeTakeFirst();
      return (
        row && {
          ...{ workspaceId: row.workspace_id, destination, id: row.id, payload: row.payload },
          createdAt: row.created_at,
        }
      );
    },
    done: (destination, id, { holder, now, arrived }) =>
      db.transaction().execute(async (trx) => {
        const mine = await trx
          .updateTable('delivery_states')
          .set({ attempts: 0, last_error: null, ...(arrived && { delivered_at: now }) })
          .where('destination', '=', destination)
          .where('lease_holder', '=', holder)
          .executeTakeFirst();
        if (mine.numUpdatedRows === 0n) return false;
        await trx
          .updateTable('deliveries')
          .set({ done_at: now, payload: '', bytes: 0 })
          .where('destination', '=', destination)
          .where('id', '=', id)
          .execute();
        return true;
      }),
    async failed(destination, holder, { at, error }) {
      await db
        .updateTable('delivery_states')
        .set((eb) => ({
          ...{ attempts: eb('attempts', '+', 1), next_at: at, last_error: error },
          ...{ lease_holder: null, lease_until: 0 },
        }))
        .where('destination', '=', destination)
        .where('lease_holder', '=', holder)
        .execute();
    },
    async release(destination, holder) {
      await db
        .updateTable('delivery_states')
        .set({ lease_holder: null, lease_until: 0 })
        .where('destination', '=', destination)
        .where('lease_holder', '=', holder)
        .execute();
    },
    async tryNow(destination) {
      await db.updateTable('delivery_states').set({ next_at: 0 }).where('destination', '=', destination).execute();
    },
    async states(workspaceId) {
      let query = db
        .selectFrom('delivery_states as state')
        .leftJoin('deliveries as item', (join) =>
          join.onRef('item.destination', '=', 'state.destination').on('item.done_at', 'is', null),
        )
        .select(STATE_COLUMNS)
        .select((eb) => [
          eb.fn.count<number | string>('item.number').as('queued'),
          sql<number | string>`coalesce(sum(item.bytes), 0)`.as('bytes'),
          eb.fn.min('item.created_at').as('oldest'),
        ])
        .groupBy(STATE_COLUMNS)
        .orderBy('state.destination');
      if (workspaceId !== undefined) query = query.where('state.workspace_id', '=', workspaceId);
      const rows = await query.execute();
      return rows.map((row) => ({
        ...{ workspaceId: row.workspace_id, destination: row.destination, attempts: row.attempts },
        ...{ queued: Number(row.queued), bytes: Number(row.bytes), lastError: row.last_error, nextAt: row.next_at },
        ...{ oldestAt: row.oldest, deliveredAt: row.delivered_at, triedBy: row.tried_by },
      }));
    },
    async forget(destination) {
      await db.transaction().execute(async (trx) => {
        for (const table of ['deliveries', 'delivery_states'] as const)
          await trx.deleteFrom(table).where('destination', '=', destination).execute();
      });
    },
    async sweep(before) {
      await db.deleteFrom('deliveries').where('done_at', '<', before).execute();
    },
  };
}
