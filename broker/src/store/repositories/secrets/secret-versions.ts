// The versions of secrets besides the current ones: staged before they become it, retired after it.
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import type { SecretVersionRows, StagedSecret } from '../../secret-rows.ts';
import type { StagingLease } from '../../secret-version.ts';
import { endSource } from './secret-sources.ts';
import {
  assertIsVersion,
  columnsOf,
  columnsOfVersion,
  giveBack,
  lockSecret,
  nextVersion,
  retireCurrent,
  toVersion,
  VERSION_COLUMNS,
} from './secret-rows.ts';

export function createSecretVersions(db: Kysely<Database>, clock: Clock, announce: Announce): SecretVersionRows {
  return {
    async history(workspaceId, name, { part, state } = {}) {
      let query = db
        .selectFrom('secret_versions')
        .select(VERSION_COLUMNS)
        .where((eb) => eb.and(columnsOf({ workspaceId, name })));
      if (state !== undefined) query = query.where('state', '=', state);
      if (part?.after !== undefined) query = query.where('version', '<', part.after);
      if (part !== undefined) query = query.limit(part.limit);
      return (await query.orderBy('version', 'desc').execute()).map(toVersion);
    },
    async oldest(workspaceId, name) {
      const row = await db
        .selectFrom('secret_versions')
        .select('version')
        .where((eb) => eb.and(columnsOf({ workspaceId, name })))
        .orderBy('version')
        .limit(1)
        .executeTakeFirst();
      return row?.version;
    },
    async lastRetired(workspaceId, name, below) {
      const retired = db
        .selectFrom('secret_versions')
        .select('version')
        .where((eb) => eb.and({ ...columnsOf({ workspaceId, name }), state: 'retired' }));
      const row = await (below === undefined ? retired : retired.where('version', '<', below))
        .orderBy((eb) => eb.fn.coalesce('retired_at', eb.lit(0)), 'desc')
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row?.version;
    },
    async setBy(workspaceId, who) {
      const rows = await db
        .selectFrom('secret_versions')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('set_by', '=', who)
        .orderBy('created_at', 'desc')
        .execute();
      return rows.map((row) => ({ ...toVersion(row), name: row.name }));
    },
    find: (workspaceId, name, version) =>
      db
        .selectFrom('secret_versions')
        .select(['name', 'version', 'source', 'sealed', 'fingerprint', 'kept_until as keptUntil'])
        .where((eb) => eb.and(columnsOfVersion({ workspaceId, name }, version)))
        .executeTakeFirst(),
    stage: (workspaceId, name, source, seal, { setBy = null, expiresAt = null, ifVersion, holder, until }) =>
      db.transaction().execute(async (trx) => {
        const key = { workspaceId, name };
        if (!(await lockSecret(trx, key))) return undefined;
        const version = await nextVersion(trx, key);
        const rows = await trx
          .selectFrom('secret_versions')
          .select(['state', 'version'])
          .where((eb) => eb.and(columnsOf(key)))
          .where('state', '<>', 'retired')
          .execute();
        const from = rows.find(({ state }) => state === 'current')?.version;
        assertIsVersion(key, from, { ifVersion });
        if (from === undefined || rows.length > 1) {
          await giveBack(trx, key, version);
          return undefined;
        }
        await trx
          .insertInto('secret_versions')
          .values({
            ...{ ...columnsOfVersion(key, version), source, sealed: seal(version), state: 'staged' },
            ...{ set_by: setBy, created_at: clock.now(), expires_at: expiresAt, retired_at: null, last_used_at: null },
            ...{ lease_holder: holder, lease_until: until },
          })
          .execute();
        return { version, from };
      }),
    async extend(workspaceId, name, version, { holder, until }) {
      const result = await db
        .updateTable('secret_versions')
        .set({ lease_until: until })
        .where((eb) =>
          eb.and({ ...columnsOfVersion({ workspaceId, name }, version), state: 'staged', lease_holder: holder }),
        )
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    promote: (workspaceId, name, { version, from }, { holder, until }) =>
      db.transaction().execute(async (trx) => {
        const key = { workspaceId, name };
        await lockSecret(trx, key);
        const rows = await trx
          .selectFrom('secret_versions')
          .select(['state', 'version', 'lease_holder'])
          .where((eb) => eb.and(columnsOf(key)))
          .where('state', '<>', 'retired')
          .execute();
        const isMine = rows.some((row) => row.version === version && row.lease_holder === holder);
        const isAfter = rows.some((row) => row.version === from && row.state === 'current');
        if (!isMine || !isAfter) return false;
        await retireCurrent(trx, key, clock.now());
        await trx
          .updateTable('secret_versions')
          // The lease stays until the switch is in the log.
          .set({ state: 'current', lease_until: until })
          .where((eb) => eb.and(columnsOfVersion(key, version)))
          .execute();
        await announce(trx, { kind: 'secret', workspaceId, name });
        return true;
      }),
    async noteVerified(workspaceId, name, verified, version) {
      const noted = db
        .updateTable('secret_versions')
        .set({ verified: Number(verified) })
        .where((eb) => eb.and({ ...columnsOf({ workspaceId, name }), state: 'current' }));
      await (version === undefined ? noted : noted.where('version', '=', version)).execute();
    },
    async recorded(workspaceId, name, version) {
      await db
        .updateTable('secret_versions')
        .set({ lease_holder: null, lease_until: null })
        .where((eb) => eb.and({ ...columnsOf({ workspaceId, name }), version }))
        .where('state', '<>', 'staged')
        .execute();
    },
    async unrecorded() {
      const rows = await db
        .selectFrom('secret_versions as each')
        .selectAll()
        .select((eb) =>
          eb
            .selectFrom('secret_versions as before')
            .select((before) => before.fn.max('before.version').as('version'))
            .whereRef('before.workspace_id', '=', 'each.workspace_id')
            .whereRef('before.name', '=', 'each.name')
            .whereRef('before.version', '<', 'each.version')
            .as('from'),
        )
        .where('state', '<>', 'staged')
        .where('lease_holder', 'is not', null)
        .execute();
      return rows.map((row) => ({ ...toStaged(row), from: row.from }));
    },
    async discard(workspaceId, name, version, { holder }) {
      const result = await db
        .deleteFrom('secret_versions')
        .where((eb) =>
          eb.and({ ...columnsOfVersion({ workspaceId, name }, version), state: 'staged', lease_holder: holder }),
        )
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async staged() {
      const rows = await db.selectFrom('secret_versions').selectAll().where('state', '=', 'staged').execute();
      return rows.map(toStaged);
    },
    restore: (workspaceId, name, version, about) =>
      db.transaction().execute(async (trx) => {
        const key = { workspaceId, name };
        await lockSecret(trx, key);
        const found = await trx
          .selectFrom('secret_versions')
          .select('version')
          .where((eb) => eb.and({ ...columnsOfVersion(key, version), state: 'retired' }))
          // What was read from a source is there, not here.
          .where('fingerprint', 'is', null)
          .executeTakeFirst();
        if (found === undefined) return undefined;
        const retired = await retireCurrent(trx, key, clock.now(), about);
        if (retired === undefined) return undefined;
        await endSource(trx, key);
        await trx
          .updateTable('secret_versions')
          .set({ state: 'current', retired_at: null })
          .where((eb) => eb.and(columnsOfVersion(key, version)))
          .execute();
        await announce(trx, { kind: 'secret', workspaceId, name });
        return retired;
      }),
  };
}

function toStaged(row: Selectable<Database['secret_versions']>): StagedSecret & StagingLease {
  return {
    workspaceId: row.workspace_id,
    name: row.name,
    version: row.version,
    setBy: row.set_by,
    createdAt: row.created_at,
    holder: row.lease_holder ?? '',
    until: row.lease_until ?? 0,
  };
}
