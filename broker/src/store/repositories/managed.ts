// What is managed by configurations, by kind and name.
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { ConfigurationKind } from 'mcpgate-shared/api/config/configuration';
import type { Managed } from '../../domain/managed.ts';
import type { Database } from '../schema.ts';

type Reader = Kysely<Database> | Transaction<Database>;
type Key = Pick<Managed, 'kind' | 'name'>;

export interface ManagedRepository {
  /** Sorted by kind and name. */
  list(workspaceId: string): Promise<Managed[]>;
  /** From now on this configuration manages it, as it was applied. */
  put(workspaceId: string, managed: Omit<Managed, 'appliedAt'>): Promise<void>;
  forget(workspaceId: string, key: Key): Promise<void>;
  /** Keeps other configurations, and whoever changes rules, bundles or servers' names, waiting until the transaction ends. */
  hold(workspaceId: string): Promise<void>;
}

export function createManaged(db: Kysely<Database>, clock: Clock): ManagedRepository {
  return {
    async list(workspaceId) {
      const rows = await db
        .selectFrom('managed')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .orderBy('kind')
        .orderBy('name')
        .execute();
      return rows.map((row) => ({
        ...{ kind: row.kind, name: row.name, managedBy: row.managed_by },
        ...{ applied: row.applied_json, appliedAt: row.applied_at },
      }));
    },
    async put(workspaceId, { kind, name, managedBy, applied }) {
      const values = { managed_by: managedBy, applied_json: applied, applied_at: clock.now() };
      await db
        .insertInto('managed')
        .values({ workspace_id: workspaceId, kind, name, ...values })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'kind', 'name']).doUpdateSet(values))
        .execute();
    },
    async forget(workspaceId, { kind, name }) {
      const query = db.deleteFrom('managed').where('workspace_id', '=', workspaceId);
      await query.where('kind', '=', kind).where('name', '=', name).execute();
    },
    async hold(workspaceId) {
      await db
        .updateTable('policies')
        .set((eb) => ({ version: eb.ref('version') }))
        .where('workspace_id', '=', workspaceId)
        .execute();
    },
  };
}

/** The configurations that things of one kind are managed by, by the things' names. */
export async function managersIn(
  db: Reader,
  workspaceId: string,
  kind: ConfigurationKind,
): Promise<ReadonlyMap<string, string>> {
  const query = db.selectFrom('managed').select(['name', 'managed_by']).where('workspace_id', '=', workspaceId);
  const rows = await query.where('kind', '=', kind).execute();
  return new Map(rows.map((row) => [row.name, row.managed_by]));
}

/** It has another name from now on, and is managed as before. */
export async function renameManaged(
  trx: Transaction<Database>,
  { workspaceId, kind, from, to }: { workspaceId: string; kind: ConfigurationKind; from: string; to: string },
): Promise<void> {
  const of = { workspace_id: workspaceId, kind };
  await trx
    .deleteFrom('managed')
    .where((eb) => eb.and({ ...of, name: to }))
    .execute();
  await trx
    .updateTable('managed')
    .set({ name: to })
    .where((eb) => eb.and({ ...of, name: from }))
    .execute();
}
