// The records of registered servers.
import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AccountForm } from '../../domain/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { StoredTransportSchema } from '../../domain/transports/transports.ts';
import { readJson } from '../json-text.ts';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';
import type { Store } from '../store.ts';

const accountSchema: z.ZodType<AccountForm> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('oauth'),
    scopes: z.array(z.string()).exactOptional(),
    clientId: z.string().exactOptional(),
    clientSecret: z.string().exactOptional(),
    issuer: z.string().exactOptional(),
  }),
  z.object({
    kind: z.literal('keys'),
    fields: z.array(
      z.object({ name: z.string(), label: z.string(), help: z.string().exactOptional(), secret: z.boolean() }),
    ),
  }),
]);

const accountText = (account: AccountForm | null): string | null => (account === null ? null : JSON.stringify(account));

export function createServers(db: Kysely<Database>, clock: Clock, announce: Announce): Store['servers'] {
  const servers = db.selectFrom('servers').selectAll();
  const change = <T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
    db.transaction().execute(async (trx) => {
      const result = await work(trx);
      await announce(trx, { kind: 'servers' });
      return result;
    });

  return {
    async create(server) {
      const at = clock.now();
      const row: Database['servers'] = {
        id: randomUUID(),
        workspace_id: server.workspaceId,
        name: server.name,
        enabled: server.enabled ? 1 : 0,
        transport_json: JSON.stringify(server.transport),
        isolation: server.isolation,
        trust_annotations: server.trustAnnotations ? 1 : 0,
        credential: server.credential ?? 'shared',
        account_json: accountText(server.account ?? null),
        created_at: at,
        updated_at: at,
      };
      try {
        await change((trx) => trx.insertInto('servers').values(row).execute());
      } catch (error) {
        if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
        throw new GateError('conflict', `a server named ${server.name} exists already`, { cause: error });
      }
      return toServer(row);
    },
    async byName(workspaceId, name) {
      const row = await servers.where('workspace_id', '=', workspaceId).where('name', '=', name).executeTakeFirst();
      return row && toServer(row);
    },
    async list(workspaceId) {
      const rows = await servers.where('workspace_id', '=', workspaceId).orderBy('name').execute();
      return rows.map(toServer);
    },
    update(id, changes) {
      const query = (trx: Transaction<Database>) =>
        trx
          .updateTable('servers')
          .set({
            updated_at: clock.now(),
            ...(changes.enabled !== undefined && { enabled: changes.enabled ? 1 : 0 }),
            ...(changes.transport !== undefined && { transport_json: JSON.stringify(changes.transport) }),
            ...(changes.isolation !== undefined && { isolation: changes.isolation }),
            ...(changes.trustAnnotations !== undefined && { trust_annotations: changes.trustAnnotations ? 1 : 0 }),
            ...(changes.credential !== undefined && { credential: changes.credential }),
            ...(changes.account !== undefined && { account_json: accountText(changes.account) }),
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
      return change(async (trx) => {
        const row = await query(trx);
        if (row === undefined) throw new GateError('not_found', `there is no server with the id ${id}`);
        return toServer(row);
      });
    },
    remove: (id) =>
      change(async (trx) => {
        const result = await trx.deleteFrom('servers').where('id', '=', id).executeTakeFirst();
        if (result.numDeletedRows === 0n) throw new GateError('not_found', `there is no server with the id ${id}`);
      }),
  };
}

function toServer(row: Selectable<Database['servers']>): ServerRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    name: row.name,
    enabled: row.enabled !== 0,
    transport: readJson(StoredTransportSchema, row.transport_json, `the transport of server ${row.name}`),
    isolation: row.isolation,
    trustAnnotations: row.trust_annotations !== 0,
    credential: row.credential,
    account:
      row.account_json === null ? null : readJson(accountSchema, row.account_json, `the account of server ${row.name}`),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
