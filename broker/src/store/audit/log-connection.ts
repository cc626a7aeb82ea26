// What a thread that reads the log asks of an engine, on a connection of its own.
import { z } from 'zod';
import type { RowColumns } from './row-columns.ts';
import type { RowChoice } from './row-choice.ts';
import type { Chain } from './row.ts';
import type { WordKind } from './words.ts';

/** Where the log is; it can be sent to another thread. */
export type LogSource = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string };

export interface NumberedChain extends Chain {
  number: number;
}

/** A row as its values in the order of `COLUMNS`, with the hash in hex: millions of them are read, and objects would take as long as all the rest. */
export type RawRow = readonly [
  position: number,
  at: number,
  call: number | null,
  kind: number,
  workspace: number | null,
  actor: number | null,
  subject: number | null,
  server: number | null,
  tool: number | null,
  facts: number | null,
  body: Uint8Array,
  hash: string,
  seal: Uint8Array | null,
];

/** What one question has found. */
export interface FoundRows {
  count: number;
  /** The position of the last one; undefined where there is none. */
  last: number | undefined;
  /** The rows in parts, each made when it is asked for. */
  parts(): Iterable<readonly RawRow[]>;
}

export function columnsOf(row: RawRow): RowColumns {
  return { ...saidBy(row), hash: Buffer.from(row[11], 'hex') };
}

/** The same without the hash, of which bytes take as long to make as all the rest. */
export function saidBy(row: RawRow): RowColumns {
  const [position, at, call, kind, workspace, actor, subject, server, tool, facts, body, , seal] = row;
  return { position, at, call, kind, workspace, actor, subject, server, tool, facts, body, hash: NOTHING, seal };
}

const NOTHING = new Uint8Array(0);

/** The sealed arguments of a call. `position`: of the row that binds them. */
export interface KeptBytes {
  position: number;
  sealed: Uint8Array;
}

/** Rows that stand in an archive, by their positions; hashes in hex. */
export interface RawSpan {
  archive: number;
  from: number;
  to: number;
  prevHash: string;
  hash: string;
  sealKey: string | null;
}

export interface RawArchive {
  number: number;
  name: string;
  statement: string;
  signature: string;
  /** Times in ms since the epoch, by which archives are chosen. */
  since: number;
  until: number;
  at: number;
  rows: number;
}

/** A word with all by which a search finds it. */
export interface RawWord {
  id: number;
  workspaceId: string;
  kind: number;
  digest: Uint8Array;
  text: string;
}

/** What each engine answers. */
export interface LogConnection {
  /**
   * How many rows are read by one question. Few where they are made at once: rows that live while others are made into something are moved about in
   * memory, which takes longer than another question.
   */
  readonly rowsAtOnce: number;
  /** Whether another process answers. */
  readonly isAway: boolean;
  chains(): Promise<NumberedChain[]>;
  /** In the order of their positions. */
  spans(): Promise<RawSpan[]>;
  /** In the order in which they were made. */
  archives(): Promise<RawArchive[]>;
  /** Rows from position `from` to before `to`, in order; of them only those that `choice` may want. */
  rows(from: number, to: number, limit: number, choice?: RowChoice): Promise<FoundRows>;
  /** The rows at these positions, as far as there are such, in any order. */
  at(positions: readonly number[]): Promise<RawRow[]>;
  /** The outcomes of the calls that began at these positions. */
  outcomesOf(positions: readonly number[]): Promise<RawRow[]>;
  /** The sealed arguments that are kept with the rows at these positions, as far as there are any. */
  argumentsAt(positions: readonly number[]): Promise<KeptBytes[]>;
  /** The position of a row that is beyond all positions that a row can have. */
  beyond(): Promise<number | undefined>;
  /** The last position from `from` to before `to`. */
  last(from: number, to: number): Promise<number | undefined>;
  /** The positions from `from` to before `to` with which arguments are kept. */
  argumentsIn(from: number, to: number): Promise<number[]>;
  /** So many words behind the number `after`, in the order of their numbers. */
  wordsAfter(after: number, limit: number): Promise<RawWord[]>;
  words(ids: readonly number[]): Promise<{ id: number; text: string }[]>;
  /** All words of a kind; `workspaceId` is empty for those that name workspaces. */
  wordsOf(workspaceId: string, kind: WordKind): Promise<{ id: number; text: string }[]>;
  close(): Promise<void>;
}

/** The questions that are the same for both engines but for how a hash is written in hex. */
export const spansText = (hexOf: (column: string) => string): string =>
  `SELECT archive, from_position AS "from", to_position AS "to", ${hexOf('prev_hash')} AS "prevHash", ${hexOf('hash')} AS "hash",
    seal_key AS "sealKey" FROM audit_archived_spans ORDER BY from_position`;
export const ARCHIVES_TEXT =
  'SELECT number, name, statement, signature, since, until, rows, archived_at AS at FROM audit_archives ORDER BY number';

export const BEYOND_TEXT = `SELECT position FROM audit_rows
  WHERE position < ${Number.MIN_SAFE_INTEGER} OR position >= ${Number.MAX_SAFE_INTEGER} LIMIT 1`;

export const WORDS_AFTER_TEXT =
  'SELECT id, workspace_id AS "workspaceId", kind, digest, text FROM audit_words WHERE id >';
export const RawWordsSchema = z.array(
  z.object({
    ...{ id: z.number(), workspaceId: z.string(), kind: z.number() },
    ...{ digest: z.instanceof(Uint8Array), text: z.string() },
  }),
);
export const PositionsSchema = z.array(z.object({ position: z.number() }));

export const SpansSchema = z.array(
  z.object({
    ...{ archive: z.number(), from: z.number(), to: z.number(), prevHash: z.string(), hash: z.string() },
    sealKey: z.string().nullable(),
  }),
);
export const ArchivesSchema = z.array(
  z.object({
    ...{ number: z.number(), name: z.string(), statement: z.string(), signature: z.string() },
    ...{ since: z.number(), until: z.number(), at: z.number(), rows: z.number() },
  }),
);
