// The OAuth server's keys, sealed by the vault.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Database } from '../schema.ts';
import type { Store } from '../store.ts';

export function createKeys(db: Kysely<Database>, clock: Clock): Store['keys'] {
  return {
    async list() {
      const rows = await db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute();
      return rows.map((row) => ({ kid: row.kid, sealed: row.sealed, createdAt: row.created_at }));
    },
    async add({ kid, sealed }) {
      await db.insertInto('signing_keys').values({ kid, sealed, created_at: clock.now() }).execute();
    },
  };
}
