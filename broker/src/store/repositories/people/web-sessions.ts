// Browser sessions on the broker's own pages.
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../schema.ts';

export interface WebSessionRecord {
  tokenHash: string;
  workspaceId: string;
  userId: string;
  address: string;
  userAgent: string;
  createdAt: number;
  expiresAt: number;
}

export interface WebSessionsRepository {
  create(session: WebSessionRecord): Promise<void>;
  byTokenHash(tokenHash: string, now: number): Promise<WebSessionRecord | undefined>;
  /** Those that have not expired, the newest first. */
  list(workspaceId: string, now: number): Promise<WebSessionRecord[]>;
  remove(tokenHash: string): Promise<void>;
  /** Returns the hashes of those that were removed. */
  removeByUser(userId: string): Promise<string[]>;
}

export function createWebSessions(db: Kysely<Database>): WebSessionsRepository {
  return {
    async create(session) {
      await db
        .insertInto('web_sessions')
        .values({
          token_hash: session.tokenHash,
          workspace_id: session.workspaceId,
          user_id: session.userId,
          address: session.address,
          user_agent: session.userAgent,
          created_at: session.createdAt,
          expires_at: session.expiresAt,
        })
        .execute();
    },
    async byTokenHash(tokenHash, now) {
      const row = await db
        .selectFrom('web_sessions')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return row && toSession(row);
    },
    async list(workspaceId, now) {
      const rows = await db
        .selectFrom('web_sessions')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('expires_at', '>', now)
        .orderBy('created_at', 'desc')
        .orderBy('token_hash')
        .execute();
      return rows.map(toSession);
    },
    async remove(tokenHash) {
      await db.deleteFrom('web_sessions').where('token_hash', '=', tokenHash).execute();
    },
    async removeByUser(userId) {
      const removed = await db
        .deleteFrom('web_sessions')
        .where('user_id', '=', userId)
        .returning('token_hash')
        .execute();
      return removed.map((row) => row.token_hash);
    },
  };
}

function toSession(row: Selectable<Database['web_sessions']>): WebSessionRecord {
  return {
    tokenHash: row.token_hash,
    workspaceId: row.workspace_id,
    userId: row.user_id,
    address: row.address,
    userAgent: row.user_agent,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
