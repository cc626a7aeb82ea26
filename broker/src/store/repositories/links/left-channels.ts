// Channels that a broker gave up while their laptops were away or connected to another broker. Each is kept until its laptop may no longer resume it.
// The kept answers are sealed by the vault.
import type { Kysely } from 'kysely';
import type { Database } from '../../schema.ts';
import type { LeftChannel } from '../../../domain/channel-end.ts';

/** Channels that brokers gave up. The only change to one that is kept is that its answers are removed once the peer has them. */
export interface LeftChannelsRepository {
  /** Keeps a channel. One that is kept already stays as it is. */
  put(channel: LeftChannel, expiresAt: number): Promise<void>;
  /** The channel that this broker gave up, where it has not expired. */
  find(broker: string, id: string, now: number): Promise<LeftChannel | undefined>;
  /** Which of these brokers have a departure (their names), and which of these channels are kept (their ids). */
  amongst(wanted: { brokers: readonly string[]; ids: readonly string[] }): Promise<Set<string>>;
  /** The peer has acknowledged everything: removes the kept answers. */
  delivered(broker: string, id: string): Promise<void>;
  removeExpired(now: number): Promise<void>;
  /** The owners of all kept channels. */
  owners(): Promise<string[]>;
  removeOf(owners: readonly string[]): Promise<void>;
}

export function createLeftChannels(db: Kysely<Database>): LeftChannelsRepository {
  const namesOf = async (kind: 'brokers' | 'ids', names: readonly string[]): Promise<string[]> => {
    if (names.length === 0) return [];
    if (kind === 'brokers') {
      const rows = await db.selectFrom('departures').select('broker').where('broker', 'in', names).execute();
      return rows.map(({ broker }) => broker);
    }
    const rows = await db.selectFrom('left_channels').select('id').where('id', 'in', names).execute();
    return rows.map(({ id }) => id);
  };
  return {
    async put({ broker, id, owner, secretHash, taken, sealed }, expiresAt) {
      await db
        .insertInto('left_channels')
        .values({ broker, id, owner, secret_hash: secretHash, taken, sealed, expires_at: expiresAt })
        .onConflict((conflict) => conflict.columns(['broker', 'id']).doNothing())
        .execute();
    },
    async find(broker, id, now) {
      const row = await db
        .selectFrom('left_channels')
        .selectAll()
        .where('broker', '=', broker)
        .where('id', '=', id)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { owner, secret_hash: secretHash, taken, sealed } = row;
      return { broker, id, owner, secretHash, taken, sealed };
    },
    async amongst({ brokers, ids }) {
      return new Set([...(await namesOf('brokers', brokers)), ...(await namesOf('ids', ids))]);
    },
    async delivered(broker, id) {
      await db
        .updateTable('left_channels')
        .set({ sealed: null })
        .where('broker', '=', broker)
        .where('id', '=', id)
        .execute();
    },
    async owners() {
      const rows = await db.selectFrom('left_channels').select('owner').distinct().execute();
      return rows.map(({ owner }) => owner);
    },
    async removeOf(owners) {
      if (owners.length > 0) await db.deleteFrom('left_channels').where('owner', 'in', owners).execute();
    },
    async removeExpired(now) {
      await db.deleteFrom('left_channels').where('expires_at', '<=', now).execute();
    },
  };
}
