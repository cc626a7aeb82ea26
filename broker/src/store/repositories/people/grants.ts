// Grants. The store has only the hashes of their tokens.
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { readStringList } from '../../json-text.ts';
import type { Database } from '../../schema.ts';
import { shortId } from '../../short-id.ts';
import type { GrantRecord } from '../../../domain/people/people.ts';
import type { InTime, Part } from '../../../domain/bounds/part.ts';
import { readPart } from '../in-time.ts';

export interface GrantsRepository {
  create(grant: Omit<GrantRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'revokedAt'>): Promise<GrantRecord>;
  byIds(ids: readonly string[]): Promise<GrantRecord[]>;
  byTokenHash(tokenHash: string): Promise<GrantRecord | undefined>;
  issuedBy(workspaceId: string, createdBy: string): Promise<GrantRecord[]>;
  /** In the order in which they were made. */
  list(workspaceId: string, part?: Part<InTime>): Promise<GrantRecord[]>;
  touch(id: string, at: number): Promise<void>;
  revoke(id: string, at: number): Promise<void>;
}

export function createGrants(db: Kysely<Database>, clock: Clock): GrantsRepository {
  const grants = db.selectFrom('grants').selectAll();

  return {
    async create(grant) {
      const row: Database['grants'] = {
        id: shortId('g_', 12),
        workspace_id: grant.workspaceId,
        label: grant.label,
        user_id: grant.userId,
        token_hash: grant.tokenHash,
        servers_json: JSON.stringify(grant.servers),
        allow_from_json: JSON.stringify(grant.allowFrom),
        expires_at: grant.expiresAt,
        created_at: clock.now(),
        created_by: grant.createdBy,
        last_used_at: null,
        revoked_at: null,
      };
      await db.insertInto('grants').values(row).execute();
      return toGrant(row);
    },
    async byIds(ids) {
      const rows = await grants.where('id', 'in', ids).execute();
      return rows.map(toGrant);
    },
    async byTokenHash(tokenHash) {
      const row = await grants.where('token_hash', '=', tokenHash).executeTakeFirst();
      return row && toGrant(row);
    },
    async list(workspaceId, part) {
      const query = grants.where('workspace_id', '=', workspaceId).orderBy('created_at').orderBy('id');
      const rows = await readPart(query, part);
      return rows.map(toGrant);
    },
    async issuedBy(workspaceId, createdBy) {
      const rows = await grants
        .where('workspace_id', '=', workspaceId)
        .where('created_by', '=', createdBy)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map(toGrant);
    },
    async touch(id, at) {
      await db.updateTable('grants').set({ last_used_at: at }).where('id', '=', id).execute();
    },
    async revoke(id, at) {
      const { numUpdatedRows } = await db
        .updateTable('grants')
        .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(at)) }))
        .where('id', '=', id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new GateError('not_found', `there is no grant with the id ${id}`);
    },
  };
}

function toGrant(row: Selectable<Database['grants']>): GrantRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    label: row.label,
    userId: row.user_id,
    tokenHash: row.token_hash,
    servers: readStringList(row.servers_json, `the server list of grant ${row.id}`),
    allowFrom: readStringList(row.allow_from_json, `the addresses of grant ${row.id}`),
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
