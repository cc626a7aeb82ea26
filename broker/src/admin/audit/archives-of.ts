// Which archives have rows of a time: what an answer out of the database does not know.
import type { ArchiveRow } from '../../store/repositories/audit-archives.ts';
import type { AdminDependencies } from '../dependencies.ts';

/** Those with rows from `since` until before `until` (milliseconds), the oldest first. */
export async function archivesOf(
  { store }: Pick<AdminDependencies, 'store'>,
  { since = 0, until = Infinity }: { since?: number; until?: number },
): Promise<ArchiveRow[]> {
  const all = await store.auditArchives.list();
  return all.filter((each) => each.since < until && each.until >= since);
}
