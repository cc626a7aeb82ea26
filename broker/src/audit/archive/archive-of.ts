// Whether a file is the archive that the database knows, by what was signed of it: for whoever has no keys at hand, and trusts that database.
import { createHash } from 'node:crypto';
import type { RawArchive } from '../../store/audit/log-connection.ts';
import { archiveLines } from './archive-file.ts';
import { ArchiveStatementSchema } from './archive-statement.ts';
import { ArchiveFault } from './check-archive.ts';

/** Throws ArchiveFault where it is not. `onLines` is told of so many more lines. */
export async function assertArchiveOf(
  path: string,
  { statement, signature }: Pick<RawArchive, 'statement' | 'signature'>,
  onLines: (lines: number) => void,
): Promise<void> {
  const content = createHash('sha256');
  let last: string | undefined;
  let lines = 0;
  for await (const line of archiveLines(path)) {
    if (last !== undefined) content.update(last).update('\n');
    last = line;
    if ((lines += 1) % 10_000 === 0) onLines(10_000);
  }
  if (last !== `{"signature":${JSON.stringify(signature)},"statement":${statement}}`)
    throw new ArchiveFault('it does not end with what was signed');
  if (content.digest('hex') !== ArchiveStatementSchema.parse(JSON.parse(statement)).sha256)
    throw new ArchiveFault('its content is not what was signed');
}
