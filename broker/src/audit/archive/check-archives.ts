// The archives of the log, looked at where they are: each that the database knows must be there as it was signed, and have the rows that the log and its
// checkpoints name. The command does it with files that it has, the broker, in the thread that verifies, with those in its folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Fault, NamedInArchive } from '../proof/verdict.ts';
import { archiveLines } from './archive-file.ts';
import type { ArchiveStatement } from './archive-statement.ts';
import { ARCHIVED, isToldOf } from './archived-event.ts';
import { ArchiveFault, checkArchive, type ArchivedRow } from './check-archive.ts';

export interface ArchiveFiles {
  folder: string;
  /** All that the database knows, in their order. */
  known: readonly { name: string; sha256: string }[];
}

export interface NamedByLog {
  /** What rows and checkpoints say of rows in archives. */
  named: readonly NamedInArchive[];
  /** Archives that no row of the database names. */
  untold: readonly string[];
}

const ToldSchema = z.object({ details: z.object({ data: z.looseObject({ name: z.string() }) }) });

/** How many rows were looked at, and what is not as it was written. `keys`: of checkpoints, by their ids. `onRows`: how far it is, now and then. */
export async function checkArchiveFiles(
  { folder, known }: ArchiveFiles,
  { named, untold }: NamedByLog,
  keys: ReadonlyMap<string, KeyObject>,
  onRows: (name: string, rows: number) => void,
): Promise<{ rows: number; wrong: Fault | null }> {
  const claims = Map.groupBy(named, placeOf);
  const statements = new Map<string, ArchiveStatement>();
  const told = new Set<string>();
  let rows = 0;

  /** A row that names an archive comes behind all rows of that one. */
  function meetTold(row: ArchivedRow): void {
    const { data: event } = ToldSchema.safeParse(row);
    if (event === undefined) throw new ArchiveFault('what it says of an archive is nothing that a broker writes', row);
    const { name } = event.details.data;
    const statement = statements.get(name);
    if (statement === undefined || !isToldOf(statement, event.details.data))
      throw new ArchiveFault(`the archive ${name} is another one than it names`, row);
    told.add(name);
  }

  for (const { name, sha256 } of known) {
    const path = join(folder, name);
    const about = (why: string, place?: { chain: string; seq: number }): { rows: number; wrong: Fault } => ({
      rows,
      wrong: { chain: place?.chain ?? name, seq: place?.seq ?? null, id: null, why: `the archive ${name}: ${why}` },
    });
    if (!existsSync(path)) return about(`it is missing from ${folder}`);
    try {
      const statement = await checkArchive(archiveLines(path), keys, (row) => {
        if ((rows += 1) % 10_000 === 0) onRows(name, rows);
        const other = claims.get(placeOf(row))?.find(({ hash }) => hash !== row.hash);
        if (other !== undefined) throw new ArchiveFault(`it is another row than the one that ${other.by} names`, row);
        claims.delete(placeOf(row));
        if (row['type'] === ARCHIVED) meetTold(row);
      });
      if (statement.name !== name || statement.sha256 !== sha256)
        return about('it is another archive than the one that the log names', undefined);
      statements.set(name, statement);
    } catch (error) {
      if (error instanceof ArchiveFault) return about(error.message, error.place);
      throw error;
    }
  }
  const silent = untold.find((name) => !told.has(name));
  if (silent !== undefined) {
    const why = `no row of the log names the archive ${silent}: its event ${ARCHIVED} is missing`;
    return { rows, wrong: { chain: silent, seq: null, id: null, why } };
  }
  const [left] = [...claims.values()].flat();
  if (left === undefined) return { rows, wrong: null };
  const { chain, seq, by } = left;
  return { rows, wrong: { chain, seq, id: null, why: `it is in no archive, and ${by} names it` } };
}

const placeOf = ({ chain, seq }: { chain: string; seq: number }): string => `${chain}#${seq}`;
