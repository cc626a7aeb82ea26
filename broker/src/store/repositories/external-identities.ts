// Which person an identity of somewhere else is.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Database } from '../schema.ts';
import type { Store } from '../store.ts';

export function createExternalIdentities(db: Kysely<Database>, clock: Clock): Store['externalIdentities'] {
  return {
    async userIdOf(workspaceId, issuer, subject) {
      const row = await db
        .selectFrom('external_identities')
        .select('user_id')
        .where('workspace_id', '=', workspaceId)
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst();
      return row?.user_id;
    },
    async issuersOf(userId) {
      const rows = await db.selectFrom('external_identities').select('issuer').where('user_id', '=', userId).execute();
      return rows.map(({ issuer }) => issuer);
    },
    async link({ workspaceId, issuer, subject, userId }) {
      const row = { workspace_id: workspaceId, issuer, subject, user_id: userId, created_at: clock.now() };
      await db.insertInto('external_identities').values(row).execute();
    },
  };
}
