// What both repositories of secrets do to their rows: a new version under the next number, and the current one giving way.
import type { Selectable, Transaction } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import type { AboutSecret, SecretVersion } from '../../secret-version.ts';
import type { Database } from '../../schema.ts';

/** Of one secret. */
export interface SecretKey {
  workspaceId: string;
  name: string;
}

/** As the tables of secrets name it: for a new row, or, in `eb.and(…)`, for those that are there. */
export function columnsOf({ workspaceId, name }: SecretKey): { workspace_id: string; name: string } {
  return { workspace_id: workspaceId, name };
}

/** The same of one of its versions. */
export const columnsOfVersion = (key: SecretKey, version: number) => ({ ...columnsOf(key), version });

/** Takes the number of the next version. The statement locks the name until the transaction ends, so that no other can take the same number. */
export async function nextVersion(trx: Transaction<Database>, key: SecretKey): Promise<number> {
  const { last_version: version } = await trx
    .insertInto('secrets')
    .values({ ...columnsOf(key), last_version: 1 })
    .onConflict((conflict) =>
      conflict.columns(['workspace_id', 'name']).doUpdateSet((eb) => ({
        last_version: eb('secrets.last_version', '+', 1),
      })),
    )
    .returning('last_version')
    .executeTakeFirstOrThrow();
  return version;
}

/** The number is free again: nothing was stored under it. */
export async function giveBack(trx: Transaction<Database>, key: SecretKey, version: number): Promise<void> {
  await trx
    .updateTable('secrets')
    .set({ last_version: version - 1 })
    .where((eb) => eb.and(columnsOf(key)))
    .execute();
}

/** Keeps others from changing versions of this secret until the transaction ends. False where there never was one of that name. */
export async function lockSecret(trx: Transaction<Database>, key: SecretKey): Promise<boolean> {
  const locked = await trx
    .updateTable('secrets')
    .set((eb) => ({ last_version: eb.ref('last_version') }))
    .where((eb) => eb.and(columnsOf(key)))
    .executeTakeFirst();
  return locked.numUpdatedRows > 0n;
}

/** Throws `stale` where the change is for another version than the current one. */
export function assertIsVersion(
  { name }: SecretKey,
  current: number | undefined,
  { ifVersion }: Pick<AboutSecret, 'ifVersion'>,
): void {
  if (ifVersion === undefined || ifVersion === current) return;
  const now = current === undefined ? 'it was removed' : `version ${current} is in use now`;
  throw new GateError(
    'stale',
    `the secret ${name} was changed meanwhile, ${now}: look at it again; nothing was changed`,
  );
}

/** The current version is it no more; its number. Throws `stale`. */
export async function retireCurrent(
  trx: Transaction<Database>,
  key: SecretKey,
  at: number,
  about: Pick<AboutSecret, 'ifVersion'> = {},
): Promise<number | undefined> {
  const row = await trx
    .updateTable('secret_versions')
    .set({ state: 'retired', retired_at: at })
    .where((eb) => eb.and({ ...columnsOf(key), state: 'current' }))
    .returning('version')
    .executeTakeFirst();
  assertIsVersion(key, row?.version, about);
  return row?.version;
}

/** What is shown of a version. */
export const VERSION_COLUMNS = [
  'version',
  'state',
  'source',
  'set_by',
  'created_at',
  'expires_at',
  'retired_at',
  'last_used_at',
] as const;

export function toVersion(
  row: Pick<Selectable<Database['secret_versions']>, (typeof VERSION_COLUMNS)[number]>,
): SecretVersion {
  return {
    version: row.version,
    state: row.state,
    source: row.source,
    setBy: row.set_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    retiredAt: row.retired_at,
    lastUsedAt: row.last_used_at,
  };
}
