// How far destinations have had the audit log. Within a chain rows are committed in their order, so a place in each chain says what is still to come,
// whatever clocks say and however brokers write beside each other. A broker takes a feed by a lease, and only its holder moves the places on.
import { sql, type Kysely, type Transaction } from 'kysely';
import { chainAt, ROWS_PER_CHAIN } from '../audit/position.ts';
import type { Database } from '../schema.ts';
import type { QueueLease } from './deliveries.ts';

export interface FeedState {
  workspaceId: string;
  destination: string;
  attempts: number;
  /** When the next rows are tried next. */
  nextAt: number;
  lastError: string | null;
  /** When something last arrived; null: nothing has. */
  deliveredAt: number | null;
  /** Where the broker runs that tried last. */
  triedBy: string | null;
}

export interface LogFeedsRepository {
  /** Takes the feed, or goes on with it. How often the next rows were tried; undefined: another broker has it, it is not time yet, or there is none. */
  lease(destination: string, lease: QueueLease): Promise<number | undefined>;
  /** The chains that go on after its places: the last row that it has had of each, and how many there are since. */
  behind(destination: string): Promise<{ chain: string; seq: number; rows: number }[]>;
  /** It has had a chain up to this row, or it wants nothing of these (`arrivedAt` undefined); the lease goes on. False where that is another broker's by now. */
  advance(
    destination: string,
    lease: { holder: string; until: number; arrivedAt: number | undefined },
    to: { chain: string; seq: number },
  ): Promise<boolean>;
  /** The next rows did not arrive; the lease is over. */
  failed(destination: string, holder: string, next: { at: number; error: string }): Promise<void>;
  release(destination: string, holder: string): Promise<void>;
  /** Has the next rows tried now, however often they were in vain. */
  tryNow(destination: string): Promise<void>;
  /** Of one workspace, or of all. */
  states(workspaceId?: string): Promise<FeedState[]>;
}

/** A time that is farther ahead was written before the clock stepped back, and binds nobody. */
const MOST_AHEAD_MS = 2 * 3_600_000;

export function createLogFeeds(db: Kysely<Database>): LogFeedsRepository {
  return {
    async lease(destination, { holder, location, now, until }) {
      const row = await db
        .updateTable('log_feeds')
        .set({ lease_holder: holder, lease_until: until, tried_by: location })
        .where('destination', '=', destination)
        .where((eb) => eb.or([eb('next_at', '<=', now), eb('next_at', '>', now + MOST_AHEAD_MS)]))
        .where((eb) =>
          eb.or([
            eb('lease_until', '<=', now),
            eb('lease_until', '>', now + MOST_AHEAD_MS),
            eb('lease_holder', '=', holder),
          ]),
        )
        .returning('attempts')
        .executeTakeFirst();
      return row?.attempts;
    },
    async behind(destination) {
      const start = sql`cast(chain.id as bigint) * ${sql.lit(ROWS_PER_CHAIN)}`;
      const { rows } = await sql<{ chain: string; had: number; last: number }>`
        select chain, had, last from (
          select chain.name as chain, chain.id as id, coalesce(place.position, ${start} - 1) as had, (
            select max(position) from audit_rows
            where position >= ${start} and position < ${start} + ${sql.lit(ROWS_PER_CHAIN)}
          ) as last
          from audit_chains as chain
          left join log_feed_places as place on place.chain = chain.id and place.destination = ${destination}
        ) as found where last > had order by id`.execute(db);
      return rows.map(({ chain, had, last }) => ({
        chain,
        // One before the first row of its chain is -1.
        seq: had - chainAt(last) * ROWS_PER_CHAIN,
        rows: last - had,
      }));
    },
    advance: (destination, { holder, until, arrivedAt }, { chain, seq }) =>
      db.transaction().execute(async (trx) => {
        const feed = await trx
          .updateTable('log_feeds')
          .set({
            ...{ attempts: 0, last_error: null, lease_until: until },
            ...(arrivedAt !== undefined && { delivered_at: arrivedAt }),
          })
          .where('destination', '=', destination)
          .where('lease_holder', '=', holder)
          .returning('workspace_id')
          .executeTakeFirst();
        if (feed === undefined) return false;
        const { id } = await trx
          .selectFrom('audit_chains')
          .select('id')
          .where('name', '=', chain)
          .executeTakeFirstOrThrow();
        const position = id * ROWS_PER_CHAIN + seq;
        await trx
          .insertInto('log_feed_places')
          .values({ destination, chain: id, workspace_id: feed.workspace_id, position })
          .onConflict((conflict) => conflict.columns(['destination', 'chain']).doUpdateSet({ position }))
          .execute();
        return true;
      }),
    async failed(destination, holder, { at, error }) {
      await db
        .updateTable('log_feeds')
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
        .updateTable('log_feeds')
        .set({ lease_holder: null, lease_until: 0 })
        .where('destination', '=', destination)
        .where('lease_holder', '=', holder)
        .execute();
    },
    tryNow: (destination) => tryLogFeedNow(db, destination),
    async states(workspaceId) {
      let query = db
        .selectFrom('log_feeds')
        .select(['workspace_id as workspaceId', 'destination', 'attempts', 'next_at as nextAt'])
        .select(['last_error as lastError', 'delivered_at as deliveredAt', 'tried_by as triedBy'])
        .orderBy('destination');
      if (workspaceId !== undefined) query = query.where('workspace_id', '=', workspaceId);
      return await query.execute();
    },
  };
}

/** Has a feed begin with what is written from now on, in the transaction that makes its destination. */
export async function beginLogFeed(
  trx: Transaction<Database>,
  { workspaceId, destination }: Pick<FeedState, 'workspaceId' | 'destination'>,
): Promise<void> {
  await trx
    .insertInto('log_feeds')
    .values({
      ...{ destination, workspace_id: workspaceId, attempts: 0, next_at: 0, last_error: null },
      ...{ lease_holder: null, lease_until: 0, delivered_at: null, tried_by: null },
    })
    .execute();
  const start = sql`cast(chain.id as bigint) * ${sql.lit(ROWS_PER_CHAIN)}`;
  await sql`
    insert into log_feed_places (destination, chain, workspace_id, position)
    select ${destination}, id, ${workspaceId}, last from (
      select chain.id as id, (
        select max(position) from audit_rows
        where position >= ${start} and position < ${start} + ${sql.lit(ROWS_PER_CHAIN)}
      ) as last from audit_chains as chain
    ) as found where last is not null`.execute(trx);
}

export async function tryLogFeedNow(db: Pick<Kysely<Database>, 'updateTable'>, destination: string): Promise<void> {
  await db.updateTable('log_feeds').set({ next_at: 0 }).where('destination', '=', destination).execute();
}

export async function endLogFeed(trx: Transaction<Database>, destination: string): Promise<void> {
  for (const table of ['log_feed_places', 'log_feeds'] as const)
    await trx.deleteFrom(table).where('destination', '=', destination).execute();
}
