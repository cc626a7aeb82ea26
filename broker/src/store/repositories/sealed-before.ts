// Finds and replaces values that are sealed directly under the master key (first byte 1); see `vault/before-envelopes.ts`.
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { SealedBefore, SealedPlace } from '../keyring.ts';
import { columnsOfVersion } from './secrets/secret-rows.ts';

const DIRECT = 1;
/** Kinds of OAuth objects whose payload holds something sealed, as base64. */
const KINDS = ['RefreshAnswer', 'IdpSession'];

export function createSealedBefore(db: Kysely<Database>): SealedBefore {
  const findPayload = async ({ kind, idHash }: SealedPlace & { table: 'oauth_objects' }) =>
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
      const all: { place: SealedPlace; sealed: Uint8Array | null }[] = [
        ...secrets.map(({ workspace_id: workspaceId, name, version, sealed }) => ({
          place: { table: 'secret_versions' as const, workspaceId, name, version },
          sealed,
        })),
        ...keys.map(({ kid, sealed }) => ({ place: { table: 'signing_keys' as const, kid }, sealed })),
        ...channels.map(({ broker, id, sealed }) => ({
          place: { table: 'left_channels' as const, broker, id },
          sealed,
        })),
        ...accounts.map(({ workspace_id: workspaceId, server_id: serverId, owner, sealed }) => ({
          place: { table: 'accounts' as const, workspaceId, serverId, owner },
          sealed,
        })),
        ...objects.map(({ kind, id_hash: idHash, payload }) => ({
          place: { table: 'oauth_objects' as const, kind, idHash },
          sealed: sealedIn(payload),
        })),
      ];
      return all.flatMap(({ place, sealed }) => (sealed?.[0] === DIRECT ? [{ place, sealed }] : []));
    },
    async replace(place, before, now) {
      switch (place.table) {
        case 'secret_versions':
          await db
            .updateTable('secret_versions')
            .set({ sealed: now })
            .where((eb) => eb.and({ ...columnsOfVersion(place, place.version), sealed: before }))
            .execute();
          return;
        case 'signing_keys':
          await db
            .updateTable('signing_keys')
            .set({ sealed: now })
            .where((eb) => eb.and({ kid: place.kid, sealed: before }))
            .execute();
          return;
        case 'left_channels':
          await db
            .updateTable('left_channels')
            .set({ sealed: now })
            .where((eb) => eb.and({ broker: place.broker, id: place.id, sealed: before }))
            .execute();
          return;
        case 'accounts':
          await db
            .updateTable('accounts')
            .set({ sealed: now })
            .where((eb) => eb.and({ server_id: place.serverId, owner: place.owner, sealed: before }))
            .execute();
          return;
        case 'oauth_objects': {
          const payload = (await findPayload(place))?.payload;
          if (payload === undefined) return;
          const [old, fresh] = [before, now].map((bytes) => Buffer.from(bytes).toString('base64'));
          await db
            .updateTable('oauth_objects')
            // Base64 stands in JSON as it is.
            .set({ payload: payload.replace(old ?? '', () => fresh ?? '') })
            .where('kind', '=', place.kind)
            .where('id_hash', '=', place.idHash)
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
