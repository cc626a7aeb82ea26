// After a restore: whether the archives that the restored log goes back into are there. A backup does not hold them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { plainLine } from 'mcpgate-shared/plain-line';
import { isArchiveName } from '../../audit/archive/archive-file.ts';
import { assertArchiveOf } from '../../audit/archive/archive-of.ts';
import { ArchiveFault } from '../../audit/archive/check-archive.ts';
import type { LogSource } from '../../store/audit/log-connection.ts';
import { openLog } from '../../store/audit/log-reader.ts';

export interface RestoredArchives {
  folder: string;
  /** How many the log has. */
  known: number;
  missing: string[];
  damaged: { name: string; why: string }[];
  /** Files of archives that the log does not know: they were made after the backup. */
  unknown: string[];
}

/** `source`: undefined where the backup is of a version that had no archives. */
export async function checkRestoredArchives(
  source: LogSource | undefined,
  folder: string,
  tell: (lines: number) => void,
): Promise<RestoredArchives> {
  const archives = source === undefined ? [] : await knownTo(source);
  const found: RestoredArchives = { folder, known: archives.length, missing: [], damaged: [], unknown: [] };
  let lines = 0;
  for (const archive of archives) {
    const { name } = archive;
    const path = join(folder, name);
    if (!existsSync(path)) {
      found.missing.push(name);
      continue;
    }
    try {
      await assertArchiveOf(path, archive, (more) => tell((lines += more)));
    } catch (error) {
      if (!(error instanceof ArchiveFault)) throw error;
      found.damaged.push({ name, why: error.message });
    }
  }
  const names = new Set(archives.map(({ name }) => name));
  const there = existsSync(folder) ? readdirSync(folder) : [];
  found.unknown = there.filter((name) => isArchiveName(name) && !names.has(name)).toSorted();
  return found;
}

async function knownTo(source: LogSource) {
  const log = openLog(source);
  try {
    return await log.archives();
  } finally {
    await log.close();
  }
}

/** Lines that say what to do. */
export function archivesText({ folder, known, missing, damaged, unknown }: RestoredArchives): string[] {
  const lines: string[] = [];
  const whole = known - missing.length - damaged.length;
  if (known > 0) lines.push(`archives of the log: ${whole} of ${known} are in ${folder}, and whole`);
  if (missing.length > 0)
    lines.push(
      `missing: ${listed(missing)}: copy them there from where you keep that folder; until then nobody can read or prove their rows`,
    );
  for (const { name, why } of damaged)
    lines.push(`not what was written: ${name} (${why}): put another copy in its place`);
  if (unknown.length > 0)
    lines.push(
      `${listed(unknown)} in ${folder}: archived after the backup, so their rows are in the database again, which archives them anew: move these files away before the next start`,
    );
  return lines.map(plainLine);
}

const MOST = 10;
const listed = (names: readonly string[]): string =>
  names.length <= MOST ? names.join(', ') : `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;
