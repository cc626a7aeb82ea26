// Reads the log from beginning to end on a connection of its own, for threads that do so while the broker goes on with its calls.
import { openPostgresLog } from '../postgres/log-reader.ts';
import { openSqliteLog } from '../sqlite/log-reader.ts';
import type {
  FoundRows,
  KeptBytes,
  LogSource,
  NumberedChain,
  RawArchive,
  RawRow,
  RawSpan,
  RawWord,
} from './log-connection.ts';
import { chainAt, ROWS_PER_CHAIN, seqAt } from './position.ts';
import type { RowChoice } from './row-choice.ts';
import type { WordKind } from './words.ts';

/** A chain as it stands in the database. */
export interface ReadChain extends NumberedChain {
  /** The place of its first row that stands in no archive. */
  firstSeq: number;
  /** The place of its last row now; -1: none. */
  lastSeq: number;
  /** The end of what stands in archives; undefined: nothing does. */
  archived: ArchivedEnd | undefined;
}

export interface ArchivedEnd {
  seq: number;
  hash: string;
  /** The key that the chain names in its first row; null in format 1. */
  sealKey: string | null;
}

/** How many rows of the chain stand in the database and in no archive. */
export const liveRows = ({ firstSeq, lastSeq }: Pick<ReadChain, 'firstSeq' | 'lastSeq'>): number =>
  Math.max(0, lastSeq - firstSeq + 1);

/** Throws RangeError for a number that none of them has. */
export function chainFinder(chains: readonly ReadChain[]): (number: number) => ReadChain {
  const numbers = new Map(chains.map((chain) => [chain.number, chain]));
  return (number) => {
    const chain = numbers.get(number);
    if (chain === undefined) throw new RangeError(`there is no chain ${number}`);
    return chain;
  };
}

export interface LogReader {
  /** All chains in the order in which they have begun. */
  chains(): Promise<ReadChain[]>;
  /** What stands in archives. */
  spans(): Promise<RawSpan[]>;
  archives(): Promise<RawArchive[]>;
  /** The position of a row that stands in no chain. */
  stray(numbers: readonly number[]): Promise<number | undefined>;
  /**
   * Rows of a chain in order, from the place `from` to the place `to`; of them only those that `choice` may want: then a part may be empty, where
   * many others were looked through.
   */
  rows(chain: number, from: number, to: number, choice?: RowChoice): AsyncIterable<readonly RawRow[]>;
  /** The rows at these positions, as far as there are such, in any order. */
  at(positions: readonly number[]): Promise<RawRow[]>;
  /** The outcomes of the calls that began at these positions. */
  outcomesOf(positions: readonly number[]): Promise<RawRow[]>;
  /** The sealed arguments that are kept with the rows at these positions, as far as there are any. */
  argumentsAt(positions: readonly number[]): Promise<KeptBytes[]>;
  /** The positions from `from` to before `to` with which arguments are kept. */
  argumentsIn(from: number, to: number): Promise<number[]>;
  /** All words, in parts. */
  allWords(): AsyncIterable<readonly RawWord[]>;
  row(chain: number, seq: number): Promise<RawRow | undefined>;
  /** The words that are in memory, by their numbers. */
  readonly words: ReadonlyMap<number, string>;
  /** Takes these words into memory, as far as there are such. */
  learn(ids: readonly number[]): Promise<void>;
  /** All words of a kind; `workspaceId` is empty for those that name workspaces. */
  wordsOf(workspaceId: string, kind: WordKind): Promise<{ id: number; text: string }[]>;
  close(): Promise<void>;
}

const WORDS_AT_ONCE = 2_000;
/** Words are forgotten when there are more. */
const MOST_WORDS = 200_000;
const ASKED_AT_ONCE = 1_000;
/** So many places are looked through by one question, so that none takes long. */
const LOOKED_AT_ONCE = 200_000;

export function openLog(source: LogSource): LogReader {
  const log = source.kind === 'sqlite' ? openSqliteLog(source.file) : openPostgresLog(source.url);
  const words = new Map<number, string>();
  const start = (number: number): number => number * ROWS_PER_CHAIN;

  return {
    async chains() {
      const found: ReadChain[] = [];
      // Read before the rows: what is archived meanwhile is read as it was.
      const spans = new Map((await log.spans()).map((span) => [chainAt(span.from), span]));
      for (const chain of await log.chains()) {
        const last = await log.last(start(chain.number), start(chain.number + 1));
        const span = spans.get(chain.number);
        const archived = span && { seq: seqAt(span.to), hash: span.hash, sealKey: span.sealKey };
        const firstSeq = archived === undefined ? (chain.format === 1 ? 1 : 0) : archived.seq + 1;
        const lastSeq = last === undefined ? -1 : last - start(chain.number);
        // Rows that stand in an archive already go soon.
        found.push({ ...chain, firstSeq, lastSeq: lastSeq < firstSeq ? -1 : lastSeq, archived });
      }
      return found;
    },
    spans: () => log.spans(),
    archives: () => log.archives(),
    async stray(numbers) {
      let from = Number.MIN_SAFE_INTEGER;
      for (const number of [...numbers, Number.MAX_SAFE_INTEGER / ROWS_PER_CHAIN]) {
        const to = Math.min(start(number), Number.MAX_SAFE_INTEGER);
        const found = to > from ? (await log.rows(from, to, 1)).last : undefined;
        if (found !== undefined) return found;
        from = start(number + 1);
      }
      return await log.beyond();
    },
    async *rows(chain, from, to, choice) {
      const end = start(chain) + to + 1;
      const ask = (position: number): { upTo: number; found: Promise<FoundRows> } | undefined => {
        if (position >= end) return undefined;
        const upTo = choice === undefined ? end : Math.min(end, position + LOOKED_AT_ONCE);
        const found = log.rows(position, upTo, log.rowsAtOnce, choice);
        // Whoever goes no further never hears of it.
        found.catch(() => undefined);
        return { upTo, found };
      };
      let asked = ask(start(chain) + from);
      while (asked !== undefined) {
        const { upTo } = asked;
        const { count, last, parts } = await asked.found;
        if (last === undefined && choice === undefined) return;
        const isThrough = last === undefined || (choice !== undefined && count < log.rowsAtOnce);
        const next = isThrough ? upTo : last + 1;
        // A server finds the next rows while these are made into something.
        asked = log.isAway ? ask(next) : undefined;
        if (count === 0) yield [];
        else yield* parts();
        if (!log.isAway) asked = ask(next);
      }
    },
    at: (positions) => inParts(positions, (some) => log.at(some)),
    outcomesOf: (positions) => inParts(positions, (some) => log.outcomesOf(some)),
    argumentsAt: (positions) => inParts(positions, (some) => log.argumentsAt(some)),
    argumentsIn: (from, to) => log.argumentsIn(from, to),
    async *allWords() {
      for (let after = Number.MIN_SAFE_INTEGER; ;) {
        const some = await log.wordsAfter(after, WORDS_AT_ONCE);
        const last = some.at(-1);
        if (last === undefined) return;
        yield some;
        after = last.id;
      }
    },
    wordsOf: (workspaceId, kind) => log.wordsOf(workspaceId, kind),
    async row(chain, seq) {
      const [found] = await log.at([start(chain) + seq]);
      return found;
    },
    words,
    async learn(ids) {
      if (words.size > MOST_WORDS) words.clear();
      for (let at = 0; at < ids.length; at += ASKED_AT_ONCE)
        for (const { id, text } of await log.words(ids.slice(at, at + ASKED_AT_ONCE))) words.set(id, text);
    },
    close: () => log.close(),
  };
}

async function inParts<T>(positions: readonly number[], ask: (some: readonly number[]) => Promise<T[]>): Promise<T[]> {
  const found: T[] = [];
  for (let at = 0; at < positions.length; at += ASKED_AT_ONCE)
    found.push(...(await ask(positions.slice(at, at + ASKED_AT_ONCE))));
  return found;
}
