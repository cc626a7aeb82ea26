// Makes the file of an archive: plans the cut, writes the rows as an export has them, and reads the file back as somebody who verifies it would.
import { createPublicKey } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { chainFinder, type LogReader } from '../../store/audit/log-reader.ts';
import { positionOf } from '../../store/audit/position.ts';
import type { RowPlace } from '../../store/audit/row.ts';
import { placeText } from '../canonical-row.ts';
import { createRowLines } from '../export/row-lines.ts';
import { archiveLines, writeArchive } from './archive-file.ts';
import type { ArchiveMessage, ArchiveOrder, WrittenArchive } from './archive-order.ts';
import { type ArchiveHeader, sealStatement, type ArchiveSeal } from './archive-statement.ts';
import { ArchiveFault, checkArchive } from './check-archive.ts';
import { type Cut, planCut } from './plan-cut.ts';

type Told = Exclude<ArchiveMessage, { kind: 'failed' | 'written' }>;
type ToWrite = NonNullable<ArchiveOrder['file']>;

/** Undefined where nothing is written: it was not asked for, or no row may go. Throws `unavailable` where the file could not be written as it must be. */
export async function makeArchive(
  log: LogReader,
  order: ArchiveOrder,
  tell: (message: Told) => void,
): Promise<WrittenArchive | undefined> {
  const { file, writers } = order;
  const mayGoOn = (chain: string) => writers.some((writer) => chain.endsWith(writer));
  const cut = await planCut(log, { ...order, mayGoOn });
  const { rows, since, until, held } = cut;
  const planned = { rows, held, since: rows === 0 ? 0 : since, until };
  tell({ kind: 'planned', planned });
  if (file === undefined || rows === 0) return undefined;
  let written = 0;
  const onRows = (count: number): void => tell({ kind: 'progress', rows: (written += count), of: rows });
  let made: ArchiveSeal | undefined;
  try {
    const header = headerOf(cut, order, file);
    const bytes = await writeArchive(file.path, textsOf(log, cut, header, onRows), (sha256) => {
      made = sealOf(header, rows, sha256, order.now, file.key);
      return `${canonicalJson(made)}\n`;
    });
    if (made === undefined) throw new TypeError('a file was written without its end');
    await checkArchive(archiveLines(file.path), new Map([[file.key.kid, createPublicKey(file.key.key)]]));
    const { signature } = made;
    const statement = canonicalJson(made.statement);
    return { ...planned, bytes, spans: spansOf(cut), statement, signature, sha256: made.statement.sha256 };
  } catch (error) {
    if (error instanceof GateError) throw error;
    const what = error instanceof ArchiveFault ? `it is not what was written: ${error.message}` : fileFault(error);
    throw new GateError('unavailable', `${file.path} could not be written: ${what}`, { cause: error });
  }
}

const spansOf = ({ spans }: Cut): WrittenArchive['spans'] =>
  spans.map(({ chain, first, last, prevHash, hash, sealKey }) => ({
    ...{ from: positionOf(chain.number, first), to: positionOf(chain.number, last), prevHash, hash, sealKey },
  }));

function headerOf(cut: Cut, { before }: ArchiveOrder, { name, number, previous, version }: ToWrite): ArchiveHeader {
  const texts = (places: readonly RowPlace[]): string[] => places.map(placeText);
  return {
    ...{ before: isoOf(before), name, number, previous, version },
    spans: cut.spans.map(({ chain, first, last, prevHash, hash, sealKey }) => ({
      ...{ chain: chain.name, first_seq: first, hash, last_seq: last, prev_hash: prevHash, seal_key: sealKey },
    })),
    ...{ since: isoOf(cut.since), until: isoOf(cut.until), type: 'mcpgate.archive', v: 1 },
    ...{ continued: texts(cut.continued), unfinished: texts(cut.unfinished) },
  };
}

function sealOf(
  { continued: _continued, unfinished: _unfinished, version: _version, ...head }: ArchiveHeader,
  rows: number,
  sha256: string,
  now: number,
  { kid, key }: ToWrite['key'],
): ArchiveSeal {
  return sealStatement({ ...head, at: isoOf(now), key: kid, rows, sha256 }, key);
}

async function* textsOf(
  log: LogReader,
  { spans }: Cut,
  header: ArchiveHeader,
  onRows: (count: number) => void,
): AsyncGenerator<string> {
  yield `${canonicalJson({ archive: header })}\n`;
  const chainOf = chainFinder(await log.chains());
  const linesOf = createRowLines(log);
  for (const { chain, first, last, prevHash } of spans) {
    let before = prevHash;
    for await (const rows of log.rows(chain.number, first, last)) {
      const hashes = new Map(rows.map((row) => [row[0], row[11]]));
      const start = before;
      const hashBefore = ([position]: (typeof rows)[number]): string => hashes.get(position - 1) ?? start;
      const picked = rows.map((row) => ({ row, isWithheld: false }));
      const lines = await linesOf({ chain, chainOf, picked, hashBefore });
      for (let at = 0; at < lines.length; at += LINES_AT_ONCE) yield lines.slice(at, at + LINES_AT_ONCE).join('');
      before = rows.at(-1)?.[11] ?? before;
      onRows(rows.length);
    }
  }
}

/** Some 75 KB: to put together a text of more than 128 KiB takes ten times as long. */
const LINES_AT_ONCE = 100;

const isoOf = (ms: number): string => new Date(ms).toISOString();
