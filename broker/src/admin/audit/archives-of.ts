// Which archives have rows of a time: what an answer out of the database does not know.
import { hasRowsOf, signedIn } from '../../audit/archive/archive-statement.ts';
import type { AdminDependencies } from '../dependencies.ts';

/** Those with rows from `since` until before `until` (milliseconds), the oldest first, as they were signed. */
export async function archivesOf(
  { store }: Pick<AdminDependencies, 'store'>,
  span: { since?: number; until?: number },
): Promise<ReturnType<typeof signedIn>[]> {
  return (await store.auditArchives.list()).map(signedIn).filter((archive) => hasRowsOf(archive, span));
}
