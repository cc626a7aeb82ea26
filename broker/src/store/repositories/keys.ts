// The keys that sign, sealed by the vault: the OAuth server's, and those of what servers are told of people.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';

export interface KeysRepository {
  list(): Promise<{ kid: string; sealed: Uint8Array; createdAt: number; signsFrom: number }[]>;
  /** `signsFrom`: now unless said. `replaced`: those that are removed in the same moment. Other brokers are told. */
  add(key: { kid: string; sealed: Uint8Array; signsFrom?: number }, replaced?: readonly string[]): Promise<void>;
}

export function createKeys(db: Kysely<Database>, clock: Clock, announce: Announce): KeysRepository {
  return {
    async list() {
      const rows = await db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute();
      return rows.map((row) => ({
        ...{ kid: row.kid, sealed: row.sealed, createdAt: row.created_at },
        signsFrom: row.signs_from ?? row.created_at,
      }));
    },
    add: ({ kid, sealed, signsFrom }, replaced = []) =>
      db.transaction().execute(async (trx) => {
        const at = clock.now();
        await trx
          .insertInto('signing_keys')
          .values({ kid, sealed, created_at: at, signs_from: signsFrom ?? at })
          .execute();
        if (replaced.length > 0) await trx.deleteFrom('signing_keys').where('kid', 'in', replaced).execute();
        await announce(trx, { kind: 'keys' });
      }),
  };
}
