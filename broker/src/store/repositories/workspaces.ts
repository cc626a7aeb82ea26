// Workspaces. Each has a policy from the beginning. A workspace that still has people, servers, secrets or valid tokens cannot be removed; what else
// belongs to it is removed with it.
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';

export interface Workspace {
  name: string;
  createdAt: number;
}

/** The workspace `default` always exists. */
export interface WorkspacesRepository {
  /** In the order of their names. */
  list(): Promise<Workspace[]>;
  has(name: string): Promise<boolean>;
  /** Makes a workspace without rules, with enforcement on. Throws `conflict` where there is one of this name. */
  add(name: string): Promise<Workspace>;
  /** Removes it with its rules and groups. Throws `not_found`, and `conflict` while it has people, servers, secrets or valid tokens. */
  remove(name: string): Promise<void>;
}

const HOLDS = [
  { table: 'users', by: 'id', words: ['user', 'users'] },
  { table: 'servers', by: 'id', words: ['server', 'servers'] },
  // Not `secrets`: a removed secret keeps its row there, with the number of its last version.
  { table: 'secret_versions', by: 'name', words: ['secret', 'secrets'] },
  { table: 'grants', by: 'id', words: ['grant', 'grants'] },
  { table: 'admin_tokens', by: 'id', words: ['administration token', 'administration tokens'] },
] as const;
/** The tables whose rows are removed with the workspace, in an order that the foreign keys allow. */
const GOES_ALONG = [
  'one_time_links',
  'groups',
  'limit_uses',
  'bundles',
  'hooks',
  'deliveries',
  'delivery_states',
  'untold_events',
  'removed_rules',
  'log_feed_places',
  'log_feeds',
  'rules',
  'policies',
  'secret_sources',
  'secrets',
  'grants',
  'admin_tokens',
  'proposals',
  'approvals',
] as const;

export function createWorkspaces(db: Kysely<Database>, clock: Clock, announce: Announce): WorkspacesRepository {
  const changed = async (trx: Transaction<Database>, workspaceId: string): Promise<void> => {
    await announce(trx, { kind: 'policy', workspaceId });
    await announce(trx, { kind: 'servers' });
  };
  return {
    async list() {
      const rows = await db.selectFrom('workspaces').selectAll().orderBy('id').execute();
      return rows.map((row) => ({ name: row.id, createdAt: row.created_at }));
    },
    async has(name) {
      return (await db.selectFrom('workspaces').select('id').where('id', '=', name).executeTakeFirst()) !== undefined;
    },
    async add(name) {
      const createdAt = clock.now();
      try {
        await db.transaction().execute(async (trx) => {
          await trx.insertInto('workspaces').values({ id: name, created_at: createdAt }).execute();
          await trx.insertInto('policies').values({ workspace_id: name, version: 1, enforcement: 'enforce' }).execute();
          await changed(trx, name);
        });
      } catch (error) {
        if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
        throw new GateError('conflict', `a workspace named ${name} exists already`, { cause: error });
      }
      return { name, createdAt };
    },
    remove: (name) =>
      db.transaction().execute(async (trx) => {
        const held = await heldBy(trx, name);
        if (held.length > 0) throw new GateError('conflict', `the workspace ${name} still has ${held.join(', ')}`);
        for (const table of GOES_ALONG) await trx.deleteFrom(table).where('workspace_id', '=', name).execute();
        const result = await trx.deleteFrom('workspaces').where('id', '=', name).executeTakeFirst();
        if (result.numDeletedRows === 0n) throw new GateError('not_found', `there is no workspace ${name}`);
        await changed(trx, name);
      }),
  };
}

/** What keeps the workspace from being removed: `2 users`, `1 grant`. Revoked tokens do not. */
async function heldBy(trx: Transaction<Database>, name: string): Promise<string[]> {
  const held: string[] = [];
  for (const { table, by, words } of HOLDS) {
    let query = trx.selectFrom(table).select(by).distinct().where('workspace_id', '=', name);
    if (table === 'grants' || table === 'admin_tokens') query = query.where('revoked_at', 'is', null);
    const count = (await query.execute()).length;
    if (count > 0) held.push(`${count} ${words[count === 1 ? 0 : 1]}`);
  }
  return held;
}
