// The secrets' sealed values, as far as they are in use: the current version of each. Only the vault can open them.
import type { SecretRows } from '../../secret-rows.ts';
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { AboutSecret } from '../../secret-version.ts';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import { endSource } from './secret-sources.ts';
import {
  columnsOf,
  columnsOfVersion,
  giveBack,
  lockSecret,
  nextVersion,
  retireCurrent,
  type SecretKey,
} from './secret-rows.ts';

export function createSecrets(db: Kysely<Database>, clock: Clock, announce: Announce): SecretRows {
  const current = db.selectFrom('secret_versions as current').where('current.state', '=', 'current');

  async function put(
    trx: Transaction<Database>,
    key: SecretKey,
    row: { version: number; source: string; sealed: Uint8Array },
    { setBy = null, expiresAt = null }: AboutSecret = {},
  ): Promise<number> {
    await endSource(trx, key);
    await trx
      .insertInto('secret_versions')
      .values({
        ...columnsOf(key),
        ...row,
        state: 'current',
        set_by: setBy,
        created_at: clock.now(),
        expires_at: expiresAt,
        ...{ retired_at: null, last_used_at: null, lease_holder: null, lease_until: null },
      })
      .execute();
    await announce(trx, { kind: 'secret', ...key });
    return row.version;
  }

  return {
    append(workspaceId, name, source, seal, about) {
      return db.transaction().execute(async (trx) => {
        const key = { workspaceId, name };
        const version = await nextVersion(trx, key);
        await retireCurrent(trx, key, clock.now(), about);
        return await put(trx, key, { version, source, sealed: seal(version) }, about);
      });
    },
    add(workspaceId, name, source, seal, about) {
      return db.transaction().execute(async (trx) => {
        const key = { workspaceId, name };
        const version = await nextVersion(trx, key);
        const before = await trx
          .selectFrom('secret_versions')
          .select('version')
          .where((eb) => eb.and({ ...columnsOf(key), state: 'current' }))
          .executeTakeFirst();
        if (before === undefined) return await put(trx, key, { version, source, sealed: seal(version) }, about);
        await giveBack(trx, key, version);
        return undefined;
      });
    },
    async current(workspaceId, name) {
      return await current
        .select(['current.name', 'current.version', 'current.source', 'current.sealed'])
        .select(['current.fingerprint', 'current.kept_until as keptUntil'])
        .where('current.workspace_id', '=', workspaceId)
        .where('current.name', '=', name)
        .executeTakeFirst();
    },
    async versions(workspaceId) {
      const rows = await db
        .selectFrom('secret_versions')
        .select(['name', 'version', 'source', 'sealed', 'state', 'fingerprint', 'kept_until as keptUntil'])
        .where('workspace_id', '=', workspaceId)
        .where('state', '<>', 'staged')
        .execute();
      return rows.map(({ state, ...row }) => ({ ...row, isCurrent: state === 'current' }));
    },
    async list(workspaceId, part) {
      let query = current
        .select(['current.name', 'current.version', 'current.source', 'current.created_at', 'current.expires_at'])
        .select(['current.verified', 'current.last_used_at as used_at'])
        .select((eb) =>
          eb
            .selectFrom('secret_versions as each')
            .select((each) => each.fn.max('each.last_used_at').as('at'))
            .whereRef('each.workspace_id', '=', 'current.workspace_id')
            .whereRef('each.name', '=', 'current.name')
            .as('last_used_at'),
        )
        .where('current.workspace_id', '=', workspaceId)
        .orderBy('current.name');
      if (part !== undefined) query = query.limit(part.limit);
      if (part?.after !== undefined) query = query.where('current.name', '>', part.after);
      const rows = await query.execute();
      return rows.map((row) => ({
        name: row.name,
        version: row.version,
        source: row.source,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        lastUsedAt: row.last_used_at,
        verified: row.verified === null ? null : row.verified === 1,
        isUsed: row.used_at !== null,
      }));
    },
    touch: (uses) =>
      db.transaction().execute(async (trx) => {
        // In one order, so that two brokers never wait for each other.
        for (const { version, at, ...key } of uses.toSorted(inOrder))
          await trx
            .updateTable('secret_versions')
            .set({ last_used_at: at })
            .where((eb) => eb.and(columnsOfVersion(key, version)))
            .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
            .execute();
      }),
    remove: (workspaceId, name, about) =>
      db.transaction().execute(async (trx) => {
        await lockSecret(trx, { workspaceId, name });
        await retireCurrent(trx, { workspaceId, name }, clock.now(), about);
        const result = await trx
          .deleteFrom('secret_versions')
          .where((eb) => eb.and(columnsOf({ workspaceId, name })))
          .executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await endSource(trx, { workspaceId, name });
        await announce(trx, { kind: 'secret', workspaceId, name });
        return true;
      }),
  };
}

function inOrder(a: SecretKey & { version: number }, b: SecretKey & { version: number }): number {
  const [one, other] = [a, b].map(({ workspaceId, name, version }) => `${workspaceId}/${name}/${version}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
