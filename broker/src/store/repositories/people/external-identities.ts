// Which person an identity at the company's IdP, or at a trusted proxy, belongs to.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Database } from '../../schema.ts';

export interface ExternalIdentitiesRepository {
  /**
   * The people who have this identity, one in each workspace at most. There is only one in all workspaces, unless two brokers made two at the same
   * moment.
   */
  holders(issuer: string, subject: string): Promise<{ workspaceId: string; userId: string }[]>;
  issuersOf(userId: string): Promise<string[]>;
  /** Throws `conflict` where somebody has the identity already, or the person has another one of this issuer. */
  link(identity: { workspaceId: string; issuer: string; subject: string; userId: string }): Promise<void>;
}

export function createExternalIdentities(db: Kysely<Database>, clock: Clock): ExternalIdentitiesRepository {
  return {
    async holders(issuer, subject) {
      const rows = await db
        .selectFrom('external_identities')
        .select(['workspace_id', 'user_id'])
        // The primary key begins with the workspace. Naming the (few) workspaces lets the database use it; else it would read every identity.
        .where('workspace_id', 'in', db.selectFrom('workspaces').select('id'))
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .orderBy('workspace_id')
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
