// Bundles. Every change raises the policy's version, and is announced with it: a bundle decides what calls are made of, and rules may name it.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { Bundle } from '../../domain/bundle.ts';
import type { Announce } from '../bus/announce.ts';
import { readJson } from '../json-text.ts';
import type { Database } from '../schema.ts';
import { managersIn } from './managed.ts';
import { raisePolicyVersion } from './policy-version.ts';

export interface BundlesRepository {
  list(workspaceId: string): Promise<Bundle[]>;
  /** Throws `conflict` where a bundle or a server has the name. */
  create(workspaceId: string, bundle: Pick<Bundle, 'name' | 'description' | 'tools' | 'createdBy'>): Promise<Bundle>;
  /** `changed` says what becomes of the present state. Throws `not_found`. */
  update(
    workspaceId: string,
    name: string,
    changed: (now: Bundle) => Pick<Bundle, 'description' | 'tools'>,
  ): Promise<{ before: Bundle; after: Bundle }>;
  /** Groups that had it as their default have none then. Throws `not_found`. */
  remove(workspaceId: string, name: string): Promise<Bundle>;
  /** The bundle that people of the group get by default; null: none. Returns the former one. Throws `not_found`. */
  setDefault(workspaceId: string, group: string, bundle: string | null): Promise<string | null>;
}

const storedTools = z.array(
  z.object({
    server_id: z.string(),
    tool: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    fixed: z.record(z.string(), z.unknown()),
  }),
);

const textOf = (tools: Bundle['tools']): string =>
  JSON.stringify(
    tools.map(({ serverId, tool, name, description, fixed }) => ({
      ...{ server_id: serverId, tool, name, description, fixed },
    })),
  );

export function createBundles(db: Kysely<Database>, clock: Clock, announce: Announce): BundlesRepository {
  const change = <T>(workspaceId: string, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
    db.transaction().execute(async (trx) => {
      // First, because it makes all who change names or rules of the workspace wait for each other.
      await raisePolicyVersion(trx, workspaceId, announce);
      return await work(trx);
    });

  const find = async (trx: Transaction<Database>, workspaceId: string, name: string): Promise<Bundle> => {
    const found = (await readBundles(trx, workspaceId)).find((bundle) => bundle.name === name);
    if (found === undefined) throw new GateError('not_found', `there is no bundle ${name}`);
    return found;
  };

  return {
    list: (workspaceId) => db.transaction().execute((trx) => readBundles(trx, workspaceId)),
    create: (workspaceId, { name, description, tools, createdBy }) =>
      change(workspaceId, async (trx) => {
        await assertNoServer(trx, workspaceId, name);
        const at = clock.now();
        const made = { workspace_id: workspaceId, name, description, tools_json: textOf(tools) };
        const result = await trx
          .insertInto('bundles')
          .values({ ...made, created_at: at, updated_at: at, created_by: createdBy })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (result.numInsertedOrUpdatedRows !== 1n)
          throw new GateError('conflict', `a bundle named ${name} exists already`);
        return await find(trx, workspaceId, name);
      }),
    update: (workspaceId, name, changed) =>
      change(workspaceId, async (trx) => {
        const before = await find(trx, workspaceId, name);
        const { description, tools } = changed(before);
        await trx
          .updateTable('bundles')
          .set({ description, tools_json: textOf(tools), updated_at: clock.now() })
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .execute();
        return { before, after: await find(trx, workspaceId, name) };
      }),
    remove: (workspaceId, name) =>
      change(workspaceId, async (trx) => {
        const bundle = await find(trx, workspaceId, name);
        await trx.deleteFrom('bundles').where('workspace_id', '=', workspaceId).where('name', '=', name).execute();
        await trx
          .updateTable('groups')
          .set({ default_bundle: null })
          .where('workspace_id', '=', workspaceId)
          .where('default_bundle', '=', name)
          .execute();
        return bundle;
      }),
    setDefault: (workspaceId, group, bundle) =>
      change(workspaceId, async (trx) => {
        if (bundle !== null) await find(trx, workspaceId, bundle);
        const query = trx.selectFrom('groups').select('default_bundle').where('workspace_id', '=', workspaceId);
        const before = await query.where('name', '=', group).executeTakeFirst();
        if (before === undefined) throw new GateError('not_found', `there is no group ${group}`);
        await trx
          .updateTable('groups')
          .set({ default_bundle: bundle })
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', group)
          .execute();
        return before.default_bundle;
      }),
  };
}

/** All bundles, by name, with the present names of their servers. */
export async function readBundles(trx: Transaction<Database>, workspaceId: string): Promise<Bundle[]> {
  const rows = await trx
    .selectFrom('bundles')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .orderBy('name')
    .execute();
  if (rows.length === 0) return [];
  const servers = await trx
    .selectFrom('servers')
    .select(['id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .execute();
  const groups = await trx
    .selectFrom('groups')
    .select(['name', 'default_bundle'])
    .where('workspace_id', '=', workspaceId)
    .where('default_bundle', 'is not', null)
    .orderBy('name')
    .execute();
  const nameOf = new Map(servers.map(({ id, name }) => [id, name]));
  const managers = await managersIn(trx, workspaceId, 'bundle');
  return rows.map((row) => toBundle(row, nameOf, groups, managers.get(row.name)));
}

function toBundle(
  row: Selectable<Database['bundles']>,
  nameOf: ReadonlyMap<string, string>,
  groups: readonly { name: string; default_bundle: string | null }[],
  managedBy: string | undefined,
): Bundle {
  return {
    name: row.name,
    description: row.description,
    tools: readJson(storedTools, row.tools_json, `the tools of bundle ${row.name}`).map(
      ({ server_id: serverId, ...rest }) => ({ serverId, server: nameOf.get(serverId) ?? null, ...rest }),
    ),
    groups: groups.filter((group) => group.default_bundle === row.name).map(({ name }) => name),
    ...(managedBy !== undefined && { managedBy }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  };
}

/** Servers and bundles share their names. Throws `conflict`. */
async function assertNoServer(trx: Transaction<Database>, workspaceId: string, name: string): Promise<void> {
  const query = trx.selectFrom('servers').select('id').where('workspace_id', '=', workspaceId);
  if ((await query.where('name', '=', name).executeTakeFirst()) !== undefined)
    throw new GateError('conflict', `a server named ${name} exists already; servers and bundles share their names`);
}

/**
 * Throws `conflict` where a bundle has the name. Whoever makes a bundle meanwhile waits for this transaction: the row of the policy is written, as
 * they do, though its version stays.
 */
export async function assertNoBundle(trx: Transaction<Database>, workspaceId: string, name: string): Promise<void> {
  await trx
    .updateTable('policies')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('workspace_id', '=', workspaceId)
    .execute();
  const query = trx.selectFrom('bundles').select('name').where('workspace_id', '=', workspaceId);
  if ((await query.where('name', '=', name).executeTakeFirst()) !== undefined)
    throw new GateError('conflict', `a bundle named ${name} exists already; servers and bundles share their names`);
}
