// Finds and replaces values that are sealed directly under the master key (first byte 1); see `vault/before-envelopes.ts`.
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { SealedBefore, SealedRow } from '../keyring.ts';
import { columnsOfVersion } from './secrets/secret-rows.ts';

const DIRECT = 1;
/** Kinds of OAuth objects whose payload holds something sealed, as base64. */
const KINDS = ['RefreshAnswer', 'IdpSession'];

export function createSealedBefore(db: Kysely<Database>): SealedBefore {
  const findPayload = async ({ kind, idHash }: SealedRow & { table: 'oauth_objects' }) =>
    await db
      .selectFrom('oauth_objects')
      .select('payload')
      .where('kind', '=', kind)
      .where('id_hash', '=', idHash)
      .executeTakeFirst();

  return {
    async list() {
      const secrets = await db
        .selectFrom('secret_versions')
        .select(['workspace_id', 'name', 'version', 'sealed'])
        .execute();
      const keys = await db.selectFrom('signing_keys').select(['kid', 'sealed']).execute();
      const channels = await db.selectFrom('left_channels').select(['broker', 'id', 'sealed']).execute();
      const accounts = await db
        .selectFrom('accounts')
        .select(['workspace_id', 'server_id', 'owner', 'sealed'])
        .execute();
      const objects = await db
        .selectFrom('oauth_objects')
        .select(['kind', 'id_hash', 'payload'])
        .where('kind', 'in', KINDS)
        .execute();
      const all: { row: SealedRow; sealed: Uint8Array | null }[] = [
        ...secrets.map(({ workspace_id: workspaceId, name, version, sealed }) => ({
          row: { table: 'secret_versions' as const, workspaceId, name, version },
          sealed,
        })),
        ...keys.map(({ kid, sealed }) => ({ row: { table: 'signing_keys' as const, kid }, sealed })),
        ...channels.map(({ broker, id, sealed }) => ({
          row: { table: 'left_channels' as const, broker, id },
          sealed,
        })),
        ...accounts.map(({ workspace_id: workspaceId, server_id: serverId, owner, sealed }) => ({
          row: { table: 'accounts' as const, workspaceId, serverId, owner },
          sealed,
        })),
        ...objects.map(({ kind, id_hash: idHash, payload }) => ({
          row: { table: 'oauth_objects' as const, kind, idHash },
          sealed: sealedIn(payload),
        })),
      ];
      return all.flatMap(({ row, sealed }) => (sealed?.[0] === DIRECT ? [{ row, sealed }] : []));
    },
    async replace(row, before, now) {
      switch (row.table) {
        case 'secret_versions':
          await db
            .updateTable('secret_versions')
            .set({ sealed: now })
            .where((eb) => eb.and({ ...columnsOfVersion(row, row.version), sealed: before }))
            .execute();
          return;
        case 'signing_keys':
          await db
            .updateTable('signing_keys')
            .set({ sealed: now })
            .where((eb) => eb.and({ kid: row.kid, sealed: before }))
            .execute();
          return;
        case 'left_channels':
          await db
            .updateTable('left_channels')
            .set({ sealed: now })
            .where((eb) => eb.and({ broker: row.broker, id: row.id, sealed: before }))
            .execute();
          return;
        case 'accounts':
          await db
            .updateTable('accounts')
            .set({ sealed: now })
            .where((eb) => eb.and({ server_id: row.serverId, owner: row.owner, sealed: before }))
            .execute();
          return;
        case 'oauth_objects': {
          const payload = (await findPayload(row))?.payload;
          if (payload === undefined) return;
          const [old, fresh] = [before, now].map((bytes) => Buffer.from(bytes).toString('base64'));
          await db
            .updateTable('oauth_objects')
            // Base64 stands in JSON as it is.
            .set({ payload: payload.replace(old ?? '', () => fresh ?? '') })
            .where('kind', '=', row.kind)
            .where('id_hash', '=', row.idHash)
            .where('payload', '=', payload)
            .execute();
        }
      }
    },
  };
}

/** The sealed bytes of a payload: the one text in it that is no hash. */
function sealedIn(payload: string): Uint8Array | null {
  const value: unknown = JSON.parse(payload);
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'sealed') : value;
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : null;
}
