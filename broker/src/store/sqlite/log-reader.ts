// The log on the SQLite file, read-only. Rows are read in parts, so that no part keeps the file from being tidied for long.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import {
  ARCHIVES_TEXT,
  ArchivesSchema,
  BEYOND_TEXT,
  PositionsSchema,
  RawWordsSchema,
  SpansSchema,
  spansText,
  WORDS_AFTER_TEXT,
  type LogConnection,
  type RawRow,
} from '../audit/log-connection.ts';
import { COLUMNS } from '../audit/row-columns.ts';
import { choiceSql } from '../audit/row-choice.ts';
import { allOf } from './large-numbers.ts';
import { explainSqliteError } from './sqlite-error.ts';

const ChainsSchema = z.array(z.object({ number: z.number(), name: z.string(), format: z.number() }));
const KeptSchema = z.array(z.object({ position: z.number(), sealed: z.instanceof(Uint8Array) }));
const WordsSchema = z.array(z.object({ id: z.number(), text: z.string() }));

/** Rejects with `unavailable` where the file cannot be read. */
export function openSqliteLog(file: string): LogConnection {
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explainSqliteError(file, error);
    }
  };
  const database = explained(() => new DatabaseSync(file, { readOnly: true, timeout: 10_000 }));
  const columns = COLUMNS.map((column) => (column === 'hash' ? 'lower(hex(hash))' : column)).join(', ');
  const select = `SELECT ${columns} FROM audit_rows AS r`;
  const prepared = new Map<string, StatementSync>();
  function rowsBy(condition: string): StatementSync {
    const known = prepared.get(condition);
    if (known !== undefined) return known;
    const made = database.prepare(
      `${select} WHERE position >= ? AND position < ?${condition === '' ? '' : ` AND ${condition}`} ORDER BY position LIMIT ?`,
    );
    made.setReturnArrays(true);
    prepared.set(condition, made);
    return made;
  }
  /** The numbers are one value, so that the question is understood once. */
  function rowsAmong(column: string): (positions: readonly number[]) => RawRow[] {
    const found = database.prepare(`${select} WHERE ${column} IN (SELECT value FROM json_each(?))`);
    found.setReturnArrays(true);
    return (positions) => allOf(found, JSON.stringify(positions)) as unknown as RawRow[];
  }
  explained(() => rowsBy(''));
  const [rowsAt, outcomesOf] = explained(() => [rowsAmong('position'), rowsAmong('kind = 2 AND call')]);
  const last = explained(() =>
    database.prepare('SELECT max(position) AS last FROM audit_rows WHERE position >= ? AND position < ?'),
  );
  const answer = <T>(work: () => T): Promise<T> => Promise.resolve().then(() => explained(work));
  return {
    rowsAtOnce: 500,
    isAway: false,
    chains: () =>
      answer(() =>
        ChainsSchema.parse(allOf(database.prepare('SELECT id AS number, name, format FROM audit_chains ORDER BY id'))),
      ),
    spans: () =>
      answer(() => SpansSchema.parse(allOf(database.prepare(spansText((column) => `lower(hex(${column}))`))))),
    archives: () => answer(() => ArchivesSchema.parse(allOf(database.prepare(ARCHIVES_TEXT)))),
    // The columns are what STRICT tables hold, and millions of rows are read: they are not parsed one by one.
    rows: (from, to, limit, choice) =>
      answer(() => {
        const statement = rowsBy(choice === undefined ? '' : choiceSql(choice));
        const rows = allOf(statement, from, to, limit) as unknown as RawRow[];
        return { count: rows.length, last: rows.at(-1)?.[0], parts: () => [rows] };
      }),
    at: (positions) => answer(() => rowsAt(positions)),
    outcomesOf: (positions) => answer(() => outcomesOf(positions)),
    argumentsAt: (positions) =>
      answer(() => {
        const places = positions.map(() => '?').join(', ');
        const text = `SELECT position, sealed FROM audit_arguments WHERE position IN (${places})`;
        return KeptSchema.parse(database.prepare(text).all(...positions));
      }),
    beyond: () =>
      answer(() => {
        const [found] = allOf(database.prepare(BEYOND_TEXT));
        return PositionsSchema.parse(found === undefined ? [] : [found])[0]?.position;
      }),
    last: (from, to) =>
      answer(() => {
        const found = last.get(from, to)?.['last'];
        return typeof found === 'number' ? found : undefined;
      }),
    argumentsIn: (from, to) =>
      answer(() => {
        const text = 'SELECT position FROM audit_arguments WHERE position >= ? AND position < ?';
        return PositionsSchema.parse(database.prepare(text).all(from, to)).map(({ position }) => position);
      }),
    wordsAfter: (after, limit) =>
      answer(() =>
        RawWordsSchema.parse(allOf(database.prepare(`${WORDS_AFTER_TEXT} ? ORDER BY id LIMIT ?`), after, limit)),
      ),
    words: (ids) =>
      answer(() => {
        const places = ids.map(() => '?').join(', ');
        return WordsSchema.parse(
          database.prepare(`SELECT id, text FROM audit_words WHERE id IN (${places})`).all(...ids),
        );
      }),
    wordsOf: (workspaceId, kind) =>
      answer(() =>
        WordsSchema.parse(
          database
            .prepare('SELECT id, text FROM audit_words WHERE workspace_id = ? AND kind = ?')
            .all(workspaceId, kind),
        ),
      ),
    async close() {
      database.close();
      return Promise.resolve();
    },
  };
}
