// The log on the SQLite file, read-only. Rows are read in parts, so that no part keeps the file from being tidied for long.
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { rawColumns, type LogConnection, type RawRow } from '../audit/log-connection.ts';
import { explainSqliteError } from './sqlite-error.ts';

const ChainsSchema = z.array(z.object({ number: z.number(), name: z.string(), format: z.number() }));
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
  const rows = explained(() =>
    database.prepare(
      `SELECT ${rawColumns('lower(hex(hash))')} FROM audit_rows WHERE position >= ? AND position < ? ORDER BY position LIMIT ?`,
    ),
  );
  rows.setReturnArrays(true);
  const last = explained(() =>
    database.prepare('SELECT max(position) AS last FROM audit_rows WHERE position >= ? AND position < ?'),
  );
  const answer = <T>(work: () => T): Promise<T> => Promise.resolve().then(() => explained(work));
  return {
    chains: () =>
      answer(() =>
        ChainsSchema.parse(database.prepare('SELECT id AS number, name, format FROM audit_chains ORDER BY id').all()),
      ),
    // The columns are what STRICT tables hold, and millions of rows are read: they are not parsed one by one.
    rows: (from, to, limit) => answer(() => rows.all(from, to, limit) as unknown as RawRow[]),
    last: (from, to) =>
      answer(() => {
        const found = last.get(from, to)?.['last'];
        return typeof found === 'number' ? found : undefined;
      }),
    words: (ids) =>
      answer(() => {
        const places = ids.map(() => '?').join(', ');
        return WordsSchema.parse(
          database.prepare(`SELECT id, text FROM audit_words WHERE id IN (${places})`).all(...ids),
        );
      }),
    async close() {
      database.close();
      return Promise.resolve();
    },
  };
}
