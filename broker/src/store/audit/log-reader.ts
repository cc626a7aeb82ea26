// Reads the log from beginning to end on a connection of its own, for threads that do so while the broker goes on with its calls.
import { openPostgresLog } from '../postgres/log-reader.ts';
import { openSqliteLog } from '../sqlite/log-reader.ts';
import type { KeptBytes, LogSource, NumberedChain, RawRow } from './log-connection.ts';
import { ROWS_PER_CHAIN } from './position.ts';
import type { RowChoice } from './row-choice.ts';
import type { WordKind } from './words.ts';

export interface LogReader {
  /** All chains in the order in which they have begun, with the places of their last rows now; -1: none. */
  chains(): Promise<(NumberedChain & { lastSeq: number })[]>;
  /** A row that stands in no chain. */
  stray(numbers: readonly number[]): Promise<RawRow | undefined>;
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
  row(chain: number, seq: number): Promise<RawRow | undefined>;
  /** The words that are in memory, by their numbers. */
  readonly words: ReadonlyMap<number, string>;
  /** Takes these words into memory, as far as there are such. */
  learn(ids: readonly number[]): Promise<void>;
  /** All words of a kind; `workspaceId` is empty for those that name workspaces. */
  wordsOf(workspaceId: string, kind: WordKind): Promise<{ id: number; text: string }[]>;
  close(): Promise<void>;
}

const AT_ONCE = 2_000;
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
      const found = [];
      for (const chain of await log.chains()) {
        const last = await log.last(start(chain.number), start(chain.number + 1));
        found.push({ ...chain, lastSeq: last === undefined ? -1 : last - start(chain.number) });
      }
      return found;
    },
    async stray(numbers) {
      let from = Number.MIN_SAFE_INTEGER;
      for (const number of [...numbers, Number.MAX_SAFE_INTEGER / ROWS_PER_CHAIN]) {
        const to = Math.min(start(number), Number.MAX_SAFE_INTEGER);
        const [found] = to > from ? await log.rows(from, to, 1) : [];
        if (found !== undefined) return found;
        from = start(number + 1);
      }
      return undefined;
    },
    async *rows(chain, from, to, choice) {
      const end = start(chain) + to + 1;
      for (let position = start(chain) + from; position < end;) {
        const upTo = choice === undefined ? end : Math.min(end, position + LOOKED_AT_ONCE);
        const rows = await log.rows(position, upTo, AT_ONCE, choice);
        const last = rows.at(-1);
        if (last === undefined && choice === undefined) return;
        yield rows;
        position = last === undefined || (choice !== undefined && rows.length < AT_ONCE) ? upTo : last[0] + 1;
      }
    },
    at: (positions) => inParts(positions, (some) => log.at(some)),
    outcomesOf: (positions) => inParts(positions, (some) => log.outcomesOf(some)),
    argumentsAt: (positions) => inParts(positions, (some) => log.argumentsAt(some)),
    wordsOf: (workspaceId, kind) => log.wordsOf(workspaceId, kind),
    async row(chain, seq) {
      const [found] = await log.rows(start(chain) + seq, start(chain) + seq + 1, 1);
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
