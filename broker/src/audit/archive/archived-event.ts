// The event by which the log names an archive. It is committed before a row of the archive is removed, and says of the file what was signed of it: a file
// that somebody with the key of checkpoints signs later is another one than the log names.
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { ArchiveStatement } from './archive-statement.ts';

export const ARCHIVED = 'audit.archived';

/** So many chains are named, so that the row stays small. */
const MOST_CHAINS = 100;

export function archivedData({ name, number, sha256, rows, since, until, spans }: ArchiveStatement) {
  const chains = spans.slice(0, MOST_CHAINS).map((span) => `${span.chain}#${span.first_seq}-${span.last_seq}`);
  return { name, number, sha256, rows, since, until, chains };
}

/** Whether the data of an event is what the log says of that archive. With which credential it was asked for, no archive says. */
export function isToldOf(statement: ArchiveStatement, data: Readonly<Record<string, unknown>>): boolean {
  const { credential_kind: _kind, credential_id: _id, ...said } = data;
  return canonicalJson(said) === canonicalJson(archivedData(statement));
}
