// One-time links. A link is used by deleting its row, so that of two requests at the same time only one can use it.
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../schema.ts';

export interface OneTimeLink {
  /** SHA-256 of the link's token, hex. */
  tokenHash: string;
  workspaceId: string;
  kind: 'setup' | 'password';
  userId: string | null;
  expiresAt: number;
}

export interface LinksRepository {
  create(link: OneTimeLink): Promise<void>;
  /** The link, without using it up; undefined where it is unknown, was used or has expired. */
  peek(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
  /** Uses the link up; undefined as in `peek`. Of several requests at the same time, one gets it. */
  consume(tokenHash: string, now: number): Promise<OneTimeLink | undefined>;
  /** Removes the unused links of a kind and person, before a new one replaces them. */
  expire(workspaceId: string, kind: OneTimeLink['kind'], userId: string | null): Promise<void>;
}

export function createLinks(db: Kysely<Database>): LinksRepository {
  return {
    async create(link) {
      await db
        .insertInto('one_time_links')
        .values({
          token_hash: link.tokenHash,
          workspace_id: link.workspaceId,
          kind: link.kind,
          user_id: link.userId,
          expires_at: link.expiresAt,
        })
        .execute();
    },
    async peek(tokenHash, now) {
      const row = await db
        .selectFrom('one_time_links')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return row && toLink(row);
    },
    async consume(tokenHash, now) {
      const row = await db
        .deleteFrom('one_time_links')
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .returningAll()
        .executeTakeFirst();
      return row && toLink(row);
    },
    async expire(workspaceId, kind, userId) {
      await db
        .deleteFrom('one_time_links')
        .where('workspace_id', '=', workspaceId)
        .where('kind', '=', kind)
        .where('user_id', userId === null ? 'is' : '=', userId)
        .execute();
    },
  };
}

function toLink(row: Selectable<Database['one_time_links']>): OneTimeLink {
  return {
    tokenHash: row.token_hash,
    workspaceId: row.workspace_id,
    kind: row.kind,
    userId: row.user_id,
    expiresAt: row.expires_at,
  };
}
