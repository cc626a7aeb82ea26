// Where secrets come from that are not kept here, and the versions that were read there. Several brokers read for themselves: one value is one version,
// whoever has read it, and a version that is known already becomes the current one only for who has seen it come back.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { SecretSource, SecretSourceRows } from '../../secret-source.ts';
import type { Announce } from '../../bus/announce.ts';
import type { Database } from '../../schema.ts';
import type { SecretReading } from '../../secret-source.ts';
import { columnsOf, columnsOfVersion, lockSecret, nextVersion, retireCurrent, type SecretKey } from './secret-rows.ts';

const NOTHING = new Uint8Array(0);

export function createSecretSources(db: Kysely<Database>, clock: Clock, announce: Announce): SecretSourceRows {
  const tell = (trx: Transaction<Database>, { workspaceId, name }: SecretKey): Promise<void> =>
    announce(trx, { kind: 'secret', workspaceId, name });

  /** A value that was never read from there before, as the current version. */
  async function append(
    trx: Transaction<Database>,
    key: SecretKey,
    reading: SecretReading,
    about: { reference: string; setBy: string | null; expiresAt: number | null; ifVersion?: number | undefined },
  ): Promise<number> {
    const version = await nextVersion(trx, key);
    await retireCurrent(trx, key, clock.now(), about);
    await trx
      .insertInto('secret_versions')
      .values({
        ...{ ...columnsOfVersion(key, version), source: about.reference, state: 'current' },
        ...{ set_by: about.setBy, created_at: clock.now(), expires_at: about.expiresAt, retired_at: null },
        ...{ last_used_at: null, lease_holder: null, lease_until: null },
        ...{ fingerprint: reading.fingerprint, ...kept(reading, version) },
      })
      .execute();
    return version;
  }

  /** Values of versions that are not the current one live on for nobody. */
  const forgetOthers = (trx: Transaction<Database>, key: SecretKey) =>
    forgetKept(trx, key).where('state', '<>', 'current').execute();

  return {
    async find(workspaceId, name) {
      const row = await db
        .selectFrom('secret_sources')
        .selectAll()
        .where((eb) => eb.and(columnsOf({ workspaceId, name })))
        .executeTakeFirst();
      return row && toSource(row);
    },
    async all() {
      return (await db.selectFrom('secret_sources').selectAll().execute()).map(toSource);
    },
    set: (key, order, reading, { setBy = null, expiresAt = null, ifVersion }) =>
      db.transaction().execute(async (trx) => {
        const { reference, keepForMs, refreshMs } = order;
        const version = await append(trx, key, reading, { reference, setBy, expiresAt, ifVersion });
        const row = {
          ...{ reference, keep_for_ms: keepForMs, refresh_ms: refreshMs, first_version: version, set_at: clock.now() },
        };
        await trx
          .insertInto('secret_sources')
          .values({ ...columnsOf(key), ...row })
          .onConflict((conflict) => conflict.columns(['workspace_id', 'name']).doUpdateSet(row))
          .execute();
        await forgetOthers(trx, key);
        await tell(trx, key);
        return { ...key, ...order, firstVersion: version, setAt: row.set_at };
      }),
    note: (source, reading, before) =>
      db.transaction().execute(async (trx) => {
        const { reference, firstVersion } = source;
        await lockSecret(trx, source);
        const now = await trx
          .selectFrom('secret_sources')
          .select('first_version')
          .where((eb) => eb.and(columnsOf(source)))
          .executeTakeFirst();
        if (now?.first_version !== firstVersion) return undefined;
        const rows = await trx
          .selectFrom('secret_versions')
          .select(['version', 'state', 'fingerprint'])
          .where((eb) => eb.and(columnsOf(source)))
          .where('version', '>=', firstVersion)
          .execute();
        const current = rows.find(({ state }) => state === 'current')?.version;
        const same = rows.find(({ fingerprint }) => fingerprint === reading.fingerprint);
        const of = (version: number) =>
          trx.updateTable('secret_versions').where((eb) => eb.and(columnsOfVersion(source, version)));
        if (same === undefined) {
          const version = await append(trx, source, reading, { reference, setBy: null, expiresAt: null });
          await forgetOthers(trx, source);
          await tell(trx, source);
          return { version, from: current ?? null };
        }
        const { version } = same;
        if (version === current) {
          await of(version).set(kept(reading, version)).execute();
          return { version, from: null };
        }
        // Another broker reads another value, as while an environment is rolled out: each goes on with its own, and nobody takes turns.
        if (before !== undefined && before !== current) return { version, from: null };
        await retireCurrent(trx, source, clock.now());
        await of(version)
          .set({ state: 'current', retired_at: null, ...kept(reading, version) })
          .execute();
        await forgetOthers(trx, source);
        await tell(trx, source);
        return { version, from: current ?? null };
      }),
    async forget(before) {
      const result = await db
        .updateTable('secret_versions')
        .set({ sealed: NOTHING, kept_until: null })
        .where('kept_until', '<=', before)
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },
  };
}

/** The secret is set to a value of its own, or removed: it comes from nowhere else any more. */
export async function endSource(trx: Transaction<Database>, key: SecretKey): Promise<void> {
  await trx
    .deleteFrom('secret_sources')
    .where((eb) => eb.and(columnsOf(key)))
    .execute();
  await forgetKept(trx, key).execute();
}

/** The values of this secret that live on here without their source. */
function forgetKept(trx: Transaction<Database>, key: SecretKey) {
  return trx
    .updateTable('secret_versions')
    .set({ sealed: NOTHING, kept_until: null })
    .where((eb) => eb.and(columnsOf(key)))
    .where('kept_until', 'is not', null);
}

function kept({ keptUntil, seal }: SecretReading, version: number): { sealed: Uint8Array; kept_until: number | null } {
  return keptUntil === null ? { sealed: NOTHING, kept_until: null } : { sealed: seal(version), kept_until: keptUntil };
}

function toSource(row: Selectable<Database['secret_sources']>): SecretSource {
  return {
    workspaceId: row.workspace_id,
    name: row.name,
    reference: row.reference,
    keepForMs: row.keep_for_ms,
    refreshMs: row.refresh_ms,
    firstVersion: row.first_version,
    setAt: row.set_at,
  };
}
