// Administration tokens. The store has only their hashes.
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Database } from '../../schema.ts';
import { shortId } from '../../short-id.ts';
import type { AdminTokenRecord } from '../../../domain/people/people.ts';
import type { InTime, Part } from '../../../domain/bounds/part.ts';
import { readPart } from '../in-time.ts';

export interface AdminTokensRepository {
  create(token: Omit<AdminTokenRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'revokedAt'>): Promise<AdminTokenRecord>;
  byTokenHash(tokenHash: string): Promise<AdminTokenRecord | undefined>;
  /** In the order in which they were made. */
  list(workspaceId: string, part?: Part<InTime>): Promise<AdminTokenRecord[]>;
  touch(id: string, at: number): Promise<void>;
  revoke(id: string, at: number): Promise<void>;
}

export function createAdminTokens(db: Kysely<Database>, clock: Clock): AdminTokensRepository {
  const tokens = db.selectFrom('admin_tokens').selectAll();

  return {
    async create(token) {
      const row: Database['admin_tokens'] = {
        id: shortId('at_', 12),
        workspace_id: token.workspaceId,
        label: token.label,
        role: token.role,
        token_hash: token.tokenHash,
        expires_at: token.expiresAt,
        created_at: clock.now(),
        created_by: token.createdBy,
        last_used_at: null,
        revoked_at: null,
      };
      await db.insertInto('admin_tokens').values(row).execute();
      return toToken(row);
    },
    async byTokenHash(tokenHash) {
      const row = await tokens.where('token_hash', '=', tokenHash).executeTakeFirst();
      return row && toToken(row);
    },
    async list(workspaceId, part) {
      const query = tokens.where('workspace_id', '=', workspaceId).orderBy('created_at').orderBy('id');
      const rows = await readPart(query, part);
      return rows.map(toToken);
    },
    async touch(id, at) {
      await db.updateTable('admin_tokens').set({ last_used_at: at }).where('id', '=', id).execute();
    },
    async revoke(id, at) {
      const { numUpdatedRows } = await db
        .updateTable('admin_tokens')
        .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(at)) }))
        .where('id', '=', id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new GateError('not_found', `there is no administration token with the id ${id}`);
    },
  };
}

function toToken(row: Selectable<Database['admin_tokens']>): AdminTokenRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    label: row.label,
    role: row.role,
    tokenHash: row.token_hash,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
