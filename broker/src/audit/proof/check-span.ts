// Checks a part of a chain: its rows, the arguments that they bind, and the archives that they name. A part begins behind a row that has a seal and ends
// with one that has, so that two threads may check two parts of the same chain and find what one would have found.
import { hash } from 'node:crypto';
import { timeOf } from '../../domain/record-id.ts';
import { columnsOf, type RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader, ReadChain } from '../../store/audit/log-reader.ts';
import { positionOf, seqAt } from '../../store/audit/position.ts';
import { chainRowOf } from '../../store/audit/row-columns.ts';
import { FORMAT, type ChainHead } from '../../store/audit/row.ts';
import { readOpening } from '../chain-rows.ts';
import { type BoundRow, createChainCheck } from './chain-check.ts';
import type { FiledWords } from './found-by.ts';
import type { ToldArchives } from './told-archives.ts';
import { type Fault, LogFault, type Proofs } from './verdict.ts';

/** Rows of a chain from one place to another. */
export interface ChainSpan {
  chain: ReadChain;
  from: number;
  to: number;
  /** Its rows stand in an archive, too, and go from the last one to the first, each time up to one with a seal. */
  isGoing?: true;
}

/** What somebody says of a row, which must be so. */
export interface Claim {
  head: ChainHead;
  by: string;
}

/** What was found. It can be sent to another thread. */
export interface CheckedSpan {
  rows: number;
  checkpoints: number;
  claims: readonly Claim[];
  /** The archives that rows have named. */
  told: readonly string[];
  fault: Fault | undefined;
}

export interface SpanCheck {
  log: LogReader;
  proofs: Proofs;
  chainOf: (number: number) => ReadChain;
  filed: FiledWords;
  told: Pick<ToldArchives, 'take'>;
  /** Rows from then on are left out (ms since the epoch). */
  until: number | undefined;
  /** Is told of rows that were read. */
  onRows(count: number): void;
}

/** The parts of a chain from the place `from` on, each of about so many rows. */
export async function spansOf(
  log: Pick<LogReader, 'rows'>,
  chain: ReadChain,
  from: number,
  rowsInEach: number,
): Promise<ChainSpan[]> {
  const spans: ChainSpan[] = [];
  let begin = from;
  // Rows of format 1 have no seals, and which outcome is of which call is known from the beginning on.
  while (chain.format === FORMAT && begin + rowsInEach <= chain.lastSeq) {
    const to = await sealedFrom(log, chain, begin + rowsInEach - 1);
    if (to === undefined || to >= chain.lastSeq) break;
    spans.push({ chain, from: begin, to });
    begin = to + 1;
  }
  return [...spans, { chain, from: begin, to: chain.lastSeq }];
}

async function sealedFrom(log: Pick<LogReader, 'rows'>, chain: ReadChain, from: number): Promise<number | undefined> {
  for await (const rows of log.rows(chain.number, from, chain.lastSeq)) {
    const sealed = rows.find((row) => row[12] !== null);
    if (sealed !== undefined) return seqAt(sealed[0]);
  }
  return undefined;
}

export async function checkSpan(span: ChainSpan, check: SpanCheck): Promise<CheckedSpan> {
  const found: Found = { rows: 0, checkpoints: 0, claims: [], told: [], fault: undefined };
  try {
    await checkRows(span, check, found);
  } catch (error) {
    if (!(error instanceof LogFault)) throw error;
    found.fault = error.fault;
  }
  return found;
}

type Found = { -readonly [K in keyof CheckedSpan]: CheckedSpan[K] } & { claims: Claim[]; told: string[] };

async function checkRows(
  { chain, from, to, isGoing }: ChainSpan,
  { log, proofs, chainOf, filed, told, until, onRows }: SpanCheck,
  found: Found,
): Promise<void> {
  const claim = (by: string) => (head: ChainHead) => void found.claims.push({ head, by });
  const before = await rowBefore(log, chain, from);
  const checked = createChainCheck({ chain, chainOf, words: log.words, proofs, filed, before, claim });
  const args = createArgumentsCheck(log, chain.name);
  let isBehind = false;
  try {
    for await (const rows of log.rows(chain.number, from, to)) {
      const end = until === undefined ? -1 : rows.findIndex(([, at]) => timeOf(at) >= until);
      isBehind = end !== -1;
      const wanted = isBehind ? rows.slice(0, end) : rows;
      let rest = wanted;
      while (rest.length > 0) {
        const { checked: right, missing } = checked.rows(rest);
        found.rows += right;
        rest = rest.slice(right);
        if (missing.length > 0) await log.learn(missing);
      }
      args.add(wanted, checked.bound());
      // Arguments go with their rows, perhaps since these were read.
      if (isGoing !== true && args.rows >= ROWS_TO_MEET) await args.meet();
      found.told.push(...told.take(chain, wanted));
      onRows(rows.length);
      if (isBehind) break;
    }
  } catch (error) {
    // What is wrong in the rows before is what is named.
    if (error instanceof LogFault && isGoing !== true) await args.meet();
    throw error;
  }
  if (isGoing === true) {
    if (checked.unsealed !== undefined && (await isLast(log, chain, checked.unsealed))) checked.end();
    return;
  }
  await args.meet();
  found.checkpoints = checked.checkpoints;
  if (!isBehind) checked.end();
}

/** Whether the row is there, and none behind it: they are removed up to a row with a seal, at once. */
async function isLast(log: LogReader, { number }: ReadChain, seq: number): Promise<boolean> {
  const position = positionOf(number, seq);
  const there = await log.at([position, position + 1]);
  return there.length === 1 && there[0]?.[0] === position;
}

/** So many rows are looked through for arguments by one question. */
const ROWS_TO_MEET = 8_000;

/** Whether the arguments that rows bind are there, as they were kept, and no others. */
function createArgumentsCheck(log: LogReader, chain: string) {
  let [rows, first, last]: [number, number | undefined, number] = [0, undefined, 0];
  let bound: BoundRow[] = [];
  return {
    /** How many rows were not looked at yet. */
    get rows() {
      return rows;
    },
    add(more: readonly RawRow[], binding: readonly BoundRow[]): void {
      rows += more.length;
      first ??= more[0]?.[0];
      last = more.at(-1)?.[0] ?? last;
      bound.push(...binding);
    },
    /** Throws LogFault. */
    async meet(): Promise<void> {
      const from = first;
      const those = bound;
      [rows, first, bound] = [0, undefined, []];
      if (from !== undefined) await meetArguments(log, chain, those, from, last + 1);
    },
  };
}

async function meetArguments(
  log: LogReader,
  chain: string,
  bound: readonly BoundRow[],
  from: number,
  to: number,
): Promise<void> {
  const binding = new Set(bound.map(({ position }) => position));
  const added = (await log.argumentsIn(from, to)).find((position) => !binding.has(position));
  if (added !== undefined) {
    const why = 'arguments of a call are kept with it, and it binds none: somebody has put them there';
    throw new LogFault({ chain, seq: seqAt(added), id: null, why });
  }
  if (bound.length === 0) return;
  const kept = await log.argumentsAt(bound.map(({ position }) => position));
  const digests = new Map(kept.map(({ position, sealed }) => [position, hash('sha256', sealed, 'hex')]));
  for (const { position, seq, id, call, sha256 } of bound) {
    const found = digests.get(position);
    if (found === sha256) continue;
    const what = found === undefined ? 'were removed: the row that binds them is there' : 'are not what was kept';
    throw new LogFault({ chain, seq, id, why: `the arguments of the call ${call} ${what}` });
  }
}

/** What stands before the place, with the key of its chain; undefined where nothing does. */
async function rowBefore(log: LogReader, chain: ReadChain, seq: number) {
  const { number, firstSeq, archived } = chain;
  if (archived !== undefined && seq === firstSeq) return { ...archived, sealKey: archived.sealKey ?? undefined };
  const row = seq === firstSeq ? undefined : await log.row(number, seq - 1);
  if (row === undefined) return undefined;
  const opening = archived === undefined ? await log.row(number, 0) : undefined;
  const sealKey = archived?.sealKey ?? (opening && sealKeyIn(chain, opening));
  return { seq: seqAt(row[0]), hash: row[11], sealKey };
}

/** Nobody has checked the row yet: it may be in no form. */
function sealKeyIn({ name }: ReadChain, opening: RawRow): string | undefined {
  try {
    return readOpening(chainRowOf(columnsOf(opening)))?.sealKey;
  } catch {
    throw new LogFault({ chain: name, seq: seqAt(opening[0]), id: null, why: 'no chain begins with what it says' });
  }
}
