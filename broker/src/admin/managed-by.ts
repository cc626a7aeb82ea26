// Which configuration manages a thing, for answers that say so.
import type { Managed } from '../domain/managed.ts';
import type { AdminDependencies } from './dependencies.ts';

type Rows = Pick<AdminDependencies['store'], 'managed'>;

/** Null: none. */
export async function managerOf(
  store: Rows,
  workspaceId: string,
  { kind, name }: Pick<Managed, 'kind' | 'name'>,
): Promise<string | null> {
  return (await managersOf(store, workspaceId, kind))(name);
}

/** For many of one kind. */
export async function managersOf(
  store: Rows,
  workspaceId: string,
  kind: Managed['kind'],
): Promise<(name: string) => string | null> {
  const rows = (await store.managed.list(workspaceId)).filter((row) => row.kind === kind);
  const named = new Map(rows.map((row) => [row.name, row.managedBy]));
  return (name) => named.get(name) ?? null;
}
