// Clients that the broker has registered for itself at authorization servers of others, by the one that knows them.
import type { Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Database } from '../../schema.ts';

/** Clients that were registered for the broker, by the authorization server that knows them. */
export interface OAuthRegistrationsRepository {
  find(workspaceId: string, issuer: string, redirectUri: string): Promise<Uint8Array | undefined>;
  put(registration: { workspaceId: string; issuer: string; redirectUri: string; sealed: Uint8Array }): Promise<void>;
  remove(workspaceId: string, issuer: string, redirectUri: string): Promise<void>;
}

export function createOAuthRegistrations(db: Kysely<Database>, clock: Clock): OAuthRegistrationsRepository {
  return {
    async find(workspaceId, issuer, redirectUri) {
      const row = await db
        .selectFrom('oauth_registrations')
        .select('sealed')
        .where('workspace_id', '=', workspaceId)
        .where('issuer', '=', issuer)
        .where('redirect_uri', '=', redirectUri)
        .executeTakeFirst();
      return row?.sealed;
    },
    async put({ workspaceId, issuer, redirectUri, sealed }) {
      const values = { sealed, created_at: clock.now() };
      await db
        .insertInto('oauth_registrations')
        .values({ workspace_id: workspaceId, issuer, redirect_uri: redirectUri, ...values })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'issuer', 'redirect_uri']).doUpdateSet(values))
        .execute();
    },
    async remove(workspaceId, issuer, redirectUri) {
      await db
        .deleteFrom('oauth_registrations')
        .where('workspace_id', '=', workspaceId)
        .where('issuer', '=', issuer)
        .where('redirect_uri', '=', redirectUri)
        .execute();
    },
  };
}
