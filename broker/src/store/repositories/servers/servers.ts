// The records of registered servers.
import { renameInRequests } from '../approvals.ts';
import { randomUUID } from 'node:crypto';
import type { ExpressionBuilder, Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AccountForm } from '../../../domain/people/account.ts';
import { DEFAULT_DEFINITION_POLICY } from '../../../domain/definition.ts';
import {
  NO_TOOL_CLASSES,
  type Probe,
  type RecordFields,
  type ServerRecord,
  type ToolClasses,
} from '../../../domain/server-record.ts';
import { StoredTransportSchema } from '../../../domain/transports/transports.ts';
import { readJson, readStringList } from '../../json-text.ts';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import { assertNoBundle } from '../bundles.ts';
import { formerNamesIn, noteServerName } from './server-names.ts';
import { managersIn, renameManaged } from '../managed.ts';
import { renameInGrants, renameInRules, type Renamed } from './renamed-server.ts';

export interface ServersRepository {
  /** Shared, without an account and without a probe, unless said. Throws `conflict` where a server or a bundle has the name. */
  create(
    server: Pick<ServerRecord, 'workspaceId' | 'name' | 'enabled' | 'transport' | 'isolation' | 'trustAnnotations'> &
      Partial<
        Pick<ServerRecord, 'toolClasses' | 'credential' | 'account' | 'probe' | 'definitions' | 'auditArguments'>
      >,
  ): Promise<ServerRecord>;
  byName(workspaceId: string, name: string): Promise<ServerRecord | undefined>;
  list(workspaceId: string): Promise<ServerRecord[]>;
  /** Throws `not_found`, and `stale` where the record has another revision than `ifRevision`. */
  update(
    id: string,
    change: Partial<RecordFields & Pick<ServerRecord, 'enabled'>>,
    ifRevision?: number,
  ): Promise<ServerRecord>;
  /**
   * Gives it another name, and what names it the other one with it: `what` of rules as `rewrite` says, and the servers that grants are bound
   * to. All or nothing. Throws `conflict` where a server or a bundle has the name, `stale` where it is not called `from` any more, and `not_found`.
   */
  rename(
    id: string,
    to: string,
    options: {
      from: string;
      ifRevision?: number;
      rewrite: (what: string) => string;
      /** By what access that somebody asked for is known again; left out: as before. */
      bindingOf?: (ownerKey: string, what: string) => string;
    },
  ): Promise<Renamed>;
  remove(id: string): Promise<void>;
}

const accountSchema: z.ZodType<AccountForm> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('oauth'),
    scopes: z.array(z.string()).exactOptional(),
    clientId: z.string().exactOptional(),
    clientSecret: z.string().exactOptional(),
    grant: z.enum(['client_credentials', 'jwt_bearer']).exactOptional(),
    issuer: z.string().exactOptional(),
    via: z.literal('idp').exactOptional(),
  }),
  z.object({
    kind: z.literal('keys'),
    fields: z.array(
      z.object({ name: z.string(), label: z.string(), help: z.string().exactOptional(), secret: z.boolean() }),
    ),
  }),
]);

const probeSchema: z.ZodType<Probe> = z.object({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  onlyIfReadOnly: z.literal(true).exactOptional(),
});

const probeText = (probe: Probe | null): string | null => (probe === null ? null : JSON.stringify(probe));
const accountText = (account: AccountForm | null): string | null => (account === null ? null : JSON.stringify(account));

const classTexts = ({ read, write }: ToolClasses) => ({
  read_tools_json: JSON.stringify(read),
  write_tools_json: JSON.stringify(write),
});

export function createServers(db: Kysely<Database>, clock: Clock, announce: Announce): ServersRepository {
  const change = <T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
    db.transaction().execute(async (trx) => {
      const result = await work(trx);
      await announce(trx, { kind: 'servers' });
      return result;
    });

  const known = async (row: Selectable<Database['servers']>, on: Kysely<Database>): Promise<ServerRecord> =>
    toServer(row, await formerNamesIn(on, row.workspace_id), await managersIn(on, row.workspace_id, 'server'));

  return {
    async create(server) {
      const at = clock.now();
      const row = (folder: string): Database['servers'] => ({
        id: randomUUID(),
        workspace_id: server.workspaceId,
        name: server.name,
        enabled: server.enabled ? 1 : 0,
        transport_json: JSON.stringify(server.transport),
        isolation: server.isolation,
        trust_annotations: server.trustAnnotations ? 1 : 0,
        ...classTexts(server.toolClasses ?? NO_TOOL_CLASSES),
        credential: server.credential ?? 'shared',
        account_json: accountText(server.account ?? null),
        revision: 1,
        folder,
        probe_json: probeText(server.probe ?? null),
        definitions: server.definitions ?? DEFAULT_DEFINITION_POLICY,
        audit_arguments: server.auditArguments ?? 'none',
        created_at: at,
        updated_at: at,
      });
      return await change(async (trx) => {
        await assertNoBundle(trx, server.workspaceId, server.name);
        const made = row(await freeFolder(trx, server));
        await asTaken(server.name, trx.insertInto('servers').values(made).execute());
        await noteServerName(trx, { ...server, serverId: made.id, since: at });
        return toServer(made);
      });
    },
    async byName(workspaceId, name) {
      const query = db.selectFrom('servers').selectAll().where('workspace_id', '=', workspaceId);
      const row = await query.where('name', '=', name).executeTakeFirst();
      return row && (await known(row, db));
    },
    async list(workspaceId) {
      const query = db.selectFrom('servers').selectAll().where('workspace_id', '=', workspaceId);
      const rows = await query.orderBy('name').execute();
      const formerNames = await formerNamesIn(db, workspaceId);
      const managers = await managersIn(db, workspaceId, 'server');
      return rows.map((row) => toServer(row, formerNames, managers));
    },
    update(id, changes, ifRevision) {
      const query = (trx: Transaction<Database>) =>
        trx
          .updateTable('servers')
          .set((eb) => ({
            ...touched(eb, clock),
            ...(changes.enabled !== undefined && { enabled: changes.enabled ? 1 : 0 }),
            ...(changes.transport !== undefined && { transport_json: JSON.stringify(changes.transport) }),
            ...(changes.isolation !== undefined && { isolation: changes.isolation }),
            ...(changes.trustAnnotations !== undefined && { trust_annotations: changes.trustAnnotations ? 1 : 0 }),
            ...(changes.toolClasses !== undefined && classTexts(changes.toolClasses)),
            ...(changes.credential !== undefined && { credential: changes.credential }),
            ...(changes.account !== undefined && { account_json: accountText(changes.account) }),
            ...(changes.probe !== undefined && { probe_json: probeText(changes.probe) }),
            ...(changes.definitions !== undefined && { definitions: changes.definitions }),
            ...(changes.auditArguments !== undefined && { audit_arguments: changes.auditArguments }),
          }))
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
      return change(async (trx) => {
        if (ifRevision !== undefined) await assertRevision(trx, id, ifRevision);
        const row = await query(trx);
        if (row === undefined) throw noneWith(id);
        return await known(row, trx);
      });
    },
    rename(id, to, { from, ifRevision, rewrite, bindingOf }) {
      return change(async (trx) => {
        const before = await trx.selectFrom('servers').select('workspace_id').where('id', '=', id).executeTakeFirst();
        if (before === undefined) throw noneWith(id);
        const { workspace_id: workspaceId } = before;
        // Raises the version of the policy first: whoever adds a rule meanwhile waits for this transaction, and this one for them.
        const rules = await renameInRules(trx, workspaceId, rewrite);
        await assertNoBundle(trx, workspaceId, to);
        if (ifRevision !== undefined) await assertRevision(trx, id, ifRevision);
        const query = trx
          .updateTable('servers')
          .set((eb) => ({ name: to, ...touched(eb, clock) }))
          .where('id', '=', id)
          .where('name', '=', from)
          .returningAll();
        const row = await asTaken(to, query.executeTakeFirst());
        if (row === undefined) throw new GateError('stale', `${from} was renamed or removed meanwhile; try again`);
        await noteServerName(trx, { workspaceId, serverId: id, name: to, since: clock.now() });
        const grants = await renameInGrants(trx, workspaceId, from, to);
        await renameInRequests(trx, { workspaceId, from, to }, ({ ownerKey, what, binding }) => {
          const called = rewrite(what);
          return { what: called, binding: bindingOf?.(ownerKey, called) ?? binding };
        });
        await renameManaged(trx, { workspaceId, kind: 'server', from, to });
        return { server: await known(row, trx), rules, grants };
      });
    },
    remove: (id) =>
      change(async (trx) => {
        const result = await trx.deleteFrom('servers').where('id', '=', id).executeTakeFirst();
        if (result.numDeletedRows === 0n) throw noneWith(id);
      }),
  };
}

const noneWith = (id: string): GateError => new GateError('not_found', `there is no server with the id ${id}`);

const touched = (eb: ExpressionBuilder<Database, 'servers'>, clock: Clock) => ({
  updated_at: clock.now(),
  revision: eb('revision', '+', 1),
});

/** Throws `conflict` with the name where the database says that there is one. */
async function asTaken<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
    throw new GateError('conflict', `a server named ${name} exists already`, { cause: error });
  }
}

/** Takes the row for the rest of the transaction. Throws `stale`, and `not_found`. */
async function assertRevision(trx: Transaction<Database>, id: string, revision: number): Promise<void> {
  const row = await trx
    .updateTable('servers')
    .set((eb) => ({ revision: eb.ref('revision') }))
    .where('id', '=', id)
    .returning(['name', 'revision'])
    .executeTakeFirst();
  if (row === undefined) throw noneWith(id);
  if (row.revision !== revision)
    throw new GateError(
      'stale',
      `${row.name} was changed meanwhile: it is at revision ${row.revision}, not ${revision}`,
    );
}

/** A folder that no server has: one that was renamed still has the folder of its first name, and what its processes wrote there. */
async function freeFolder(
  trx: Transaction<Database>,
  { workspaceId, name }: Pick<ServerRecord, 'workspaceId' | 'name'>,
): Promise<string> {
  const rows = await trx.selectFrom('servers').select('folder').where('workspace_id', '=', workspaceId).execute();
  const taken = new Set(rows.map(({ folder }) => folder));
  let folder = name;
  for (let number = 2; taken.has(folder); number += 1) folder = `${name}.${number}`;
  return folder;
}

function toServer(
  row: Selectable<Database['servers']>,
  formerNames?: ReadonlyMap<string, readonly string[]>,
  managers?: ReadonlyMap<string, string>,
): ServerRecord {
  const managedBy = managers?.get(row.name);
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    formerNames: formerNames?.get(row.id) ?? [],
    folder: row.folder,
    enabled: row.enabled !== 0,
    transport: readJson(StoredTransportSchema, row.transport_json, `the transport of server ${row.name}`),
    isolation: row.isolation,
    trustAnnotations: row.trust_annotations !== 0,
    toolClasses: {
      read: readStringList(row.read_tools_json, `the tools of server ${row.name} that read`),
      write: readStringList(row.write_tools_json, `the tools of server ${row.name} that write`),
    },
    credential: row.credential,
    account:
      row.account_json === null ? null : readJson(accountSchema, row.account_json, `the account of server ${row.name}`),
    revision: row.revision,
    probe: row.probe_json === null ? null : readJson(probeSchema, row.probe_json, `the probe of server ${row.name}`),
    definitions: row.definitions,
    auditArguments: row.audit_arguments,
    ...(managedBy !== undefined && { managedBy }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
