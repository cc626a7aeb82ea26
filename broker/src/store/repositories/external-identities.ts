// Which person an identity of somewhere else is.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Database } from '../schema.ts';
import type { Store } from '../store.ts';

export function createExternalIdentities(db: Kysely<Database>, clock: Clock): Store['externalIdentities'] {
  return {
    async holders(issuer, subject) {
      // By way of the workspaces, which are few, because the key begins with theirs.
      const rows = await db
        .selectFrom('workspaces')
        .innerJoin('external_identities as known', 'known.workspace_id', 'workspaces.id')
        .select(['known.workspace_id', 'known.user_id'])
        .where('known.issuer', '=', issuer)
        .where('known.subject', '=', subject)
        .orderBy('known.workspace_id')
        .execute();
      return rows.map((row) => ({ workspaceId: row.workspace_id, userId: row.user_id }));
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
