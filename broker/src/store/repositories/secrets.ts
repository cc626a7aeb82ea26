// The secrets' sealed values and their versions. Only the vault can open them.
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';
import type { Store } from '../store.ts';

export function createSecrets(db: Kysely<Database>, clock: Clock, announce: Announce): Store['secrets'] {
  /** The current version of each secret. A removed secret keeps its row in `secrets`, but has no current version. */
  const current = db
    .selectFrom('secrets')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.workspace_id', '=', 'secrets.workspace_id')
        .onRef('secret_versions.name', '=', 'secrets.name')
        .onRef('secret_versions.version', '=', 'secrets.last_version'),
    );

  /** Takes the number of the next version. The statement locks the name until the transaction ends, so no other can take the same number. */
  async function nextVersion(trx: Transaction<Database>, workspaceId: string, name: string): Promise<number> {
    const { last_version: version } = await trx
      .insertInto('secrets')
      .values({ workspace_id: workspaceId, name, last_version: 1, last_used_at: null })
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'name']).doUpdateSet((eb) => ({
          last_version: eb('secrets.last_version', '+', 1),
        })),
      )
      .returning('last_version')
      .executeTakeFirstOrThrow();
    return version;
  }

  async function put(
    trx: Transaction<Database>,
    {
      workspaceId,
      name,
      ...row
    }: { workspaceId: string; name: string; version: number; source: string; sealed: Uint8Array },
  ): Promise<number> {
    await trx
      .insertInto('secret_versions')
      .values({ workspace_id: workspaceId, name, ...row, created_at: clock.now() })
      .execute();
    await announce(trx, { kind: 'secret', workspaceId, name });
    return row.version;
  }

  return {
    append(workspaceId, name, source, seal) {
      return db.transaction().execute(async (trx) => {
        const version = await nextVersion(trx, workspaceId, name);
        return await put(trx, { workspaceId, name, version, source, sealed: seal(version) });
      });
    },
    add(workspaceId, name, source, seal) {
      return db.transaction().execute(async (trx) => {
        const version = await nextVersion(trx, workspaceId, name);
        const before = await trx
          .selectFrom('secret_versions')
          .select('version')
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .where('version', '=', version - 1)
          .executeTakeFirst();
        if (before === undefined) return await put(trx, { workspaceId, name, version, source, sealed: seal(version) });
        await trx
          .updateTable('secrets')
          .set({ last_version: version - 1 })
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .execute();
        return undefined;
      });
    },
    async current(workspaceId, name) {
      const row = await current
        .select(['secret_versions.name', 'secret_versions.version', 'secret_versions.source', 'secret_versions.sealed'])
        .where('secrets.workspace_id', '=', workspaceId)
        .where('secrets.name', '=', name)
        .executeTakeFirst();
      return row && { name: row.name, version: row.version, source: row.source, sealed: row.sealed };
    },
    async versions(workspaceId) {
      const rows = await db
        .selectFrom('secret_versions')
        .innerJoin('secrets', (join) =>
          join
            .onRef('secrets.workspace_id', '=', 'secret_versions.workspace_id')
            .onRef('secrets.name', '=', 'secret_versions.name'),
        )
        .select(['secret_versions.name', 'secret_versions.version', 'secret_versions.source', 'secret_versions.sealed'])
        .select('secrets.last_version')
        .where('secret_versions.workspace_id', '=', workspaceId)
        .execute();
      return rows.map(({ last_version: current, ...row }) => ({ ...row, isCurrent: row.version === current }));
    },
    async list(workspaceId) {
      const rows = await current
        .select(['secrets.name', 'secrets.last_used_at'])
        .select(['secret_versions.version', 'secret_versions.source', 'secret_versions.created_at'])
        .where('secrets.workspace_id', '=', workspaceId)
        .orderBy('secrets.name')
        .execute();
      return rows.map((row) => ({
        name: row.name,
        version: row.version,
        source: row.source,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
      }));
    },
    async touch(workspaceId, name, at) {
      await db
        .updateTable('secrets')
        .set({ last_used_at: at })
        .where('workspace_id', '=', workspaceId)
        .where('name', '=', name)
        .execute();
    },
    remove: (workspaceId, name) =>
      db.transaction().execute(async (trx) => {
        const result = await trx
          .deleteFrom('secret_versions')
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await announce(trx, { kind: 'secret', workspaceId, name });
        return true;
      }),
  };
}
