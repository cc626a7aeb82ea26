// The rows of archives, for an export that goes back to the beginning. Each file is checked against what was signed while it is read, and its lines are
// written as they stand in it: in an archive they are what an export has.
import type { KeyObject } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { archivesApi, type Archive } from 'mcpgate-shared/api/audit/archives';
import { GateError } from 'mcpgate-shared/error';
import { archiveLines } from '../../../audit/archive/archive-file.ts';
import { ArchiveFault, checkArchive } from '../../../audit/archive/check-archive.ts';
import type { AdminSession } from '../../session/admin-session.ts';
import { checkpointKeysOf } from '../checkpoint-keys.ts';
import { openPart, writeState, type ExportState } from './export-state.ts';

type Session = Pick<AdminSession, 'api'>;

export interface Times {
  since?: string | undefined;
  until?: string | undefined;
}

/** Bytes of lines that are written together. */
const AT_ONCE = 1024 * 1024;

const namesOf = (archives: readonly Archive[]): string[] => archives.map(({ name }) => name);

/** Throws `usage` where there is no such folder. */
export function assertArchives(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new GateError(
    'usage',
    `--archives: there is no folder ${folder} on this machine; name the one that has the files`,
  );
}

/** The names of all archives. Throws `usage` where there is no such folder, and `conflict` where the file of one is not in it. */
export async function archivesIn({ api }: Session, folder: string): Promise<string[]> {
  assertArchives(folder);
  const names = namesOf(await api.call(archivesApi.list, { query: {} }));
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return names;
  const what = missing.length <= 3 ? missing.join(', ') : `${missing[0] ?? ''} and ${missing.length - 1} others`;
  throw new GateError(
    'conflict',
    `--archives: ${folder} does not hold ${what}: all archives of the log are to be in it`,
  );
}

/** Rows that went into an archive after the others were read are in neither part. Throws `conflict` then. */
export async function assertSameArchives({ api }: Session, had: readonly string[]): Promise<void> {
  const now = namesOf(await api.call(archivesApi.list, { query: {} }));
  if (now.join() === had.join()) return;
  throw new GateError('conflict', 'rows were archived while the log was exported: export it anew (--force)');
}

/** Hands over the lines of the times in the order of the archives, and returns how many. Throws `conflict` for a file that is not what was signed. */
export async function readArchives(
  session: Session,
  { folder, names, since, until }: { folder: string; names: readonly string[] } & Times,
  write: (lines: Buffer, count: number) => Promise<void>,
): Promise<void> {
  const keys = await checkpointKeysOf(session);
  const known = new Map(
    (await session.api.call(archivesApi.list, { query: { since, until } })).map((each) => [each.name, each]),
  );
  const [from, to] = [timeOf(since, -Infinity), timeOf(until, Infinity)];
  const isWanted = (ts: unknown): boolean => {
    const at = Date.parse(String(ts));
    return at >= from && at < to;
  };
  for (const name of names) {
    const archive = known.get(name);
    if (archive !== undefined) await readOne(join(folder, name), archive, keys, isWanted, write);
  }
}

const timeOf = (iso: string | undefined, otherwise: number): number =>
  iso === undefined ? otherwise : Date.parse(iso);

async function readOne(
  path: string,
  { sha256 }: Archive,
  keys: ReadonlyMap<string, KeyObject>,
  isWanted: (ts: unknown) => boolean,
  write: (lines: Buffer, count: number) => Promise<void>,
): Promise<void> {
  let kept: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (kept.length > 0) await write(Buffer.from(kept.join('')), kept.length);
    [kept, bytes] = [[], 0];
  };
  async function* lines(): AsyncGenerator<string> {
    for await (const line of archiveLines(path)) {
      if (bytes > AT_ONCE) await flush();
      yield line;
    }
  }
  try {
    const statement = await checkArchive(lines(), keys, (row, line) => {
      if (!isWanted(row['ts'])) return;
      kept.push(`${line}\n`);
      bytes += line.length;
    });
    if (statement.sha256 !== sha256) throw new ArchiveFault('it is another archive than the one that the log names');
  } catch (error) {
    if (!(error instanceof ArchiveFault)) throw error;
    throw new GateError('conflict', `the archive ${path}: ${error.message}`, { cause: error });
  }
  await flush();
}

/** Begins the file of an export with them. What was broken off there begins anew: it is read from a disk that is here. */
export async function archivesToFile(
  session: Session,
  file: string,
  state: ExportState,
  told: (lines: number) => void,
): Promise<ExportState> {
  const { archives } = state;
  if (archives === undefined || archives.isDone) return state;
  await writeState(file, state);
  const handle = await openPart(file, 'anew');
  let [bytes, lines] = [0, 0];
  try {
    await readArchives(session, { ...archives, ...state.query }, async (piece, count) => {
      await handle.appendFile(piece);
      bytes += piece.length;
      told((lines += count));
    });
    await handle.sync();
  } finally {
    await handle.close();
  }
  const reached = { ...state, bytes, lines, archives: { ...archives, isDone: true } };
  await writeState(file, reached);
  return reached;
}
