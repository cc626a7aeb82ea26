// The log on PostgreSQL, on a connection of its own.
import pg from 'pg';
import { z } from 'zod';
import { rawColumns, type LogConnection, type RawRow } from '../audit/log-connection.ts';
import { databaseName } from './database-name.ts';
import { explainPostgresError } from './postgres-error.ts';

const ChainsSchema = z.array(z.object({ number: z.number(), name: z.string(), format: z.number() }));
const WordsSchema = z.array(z.object({ id: z.number(), text: z.string() }));
const LastSchema = z.array(z.object({ last: z.number().nullable() }));

/** Connects at the first question. Rejects with `unavailable` where the server does not answer. */
export function openPostgresLog(url: string): LogConnection {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: 1, types, application_name: 'mcpgate-broker log' });
  pool.on('error', () => undefined); // the next question fails, and says so
  const ask = async (text: string, values: readonly unknown[] = [], rowMode?: 'array'): Promise<unknown[]> => {
    const query = { text, values: [...values], types };
    try {
      if (rowMode === 'array') return (await pool.query({ ...query, rowMode })).rows;
      return (await pool.query(query)).rows;
    } catch (error) {
      throw explainPostgresError(databaseName(url), error);
    }
  };
  return {
    chains: async () =>
      ChainsSchema.parse(await ask('SELECT id AS number, name, format FROM audit_chains ORDER BY id')),
    // The columns have the types of the table, and millions of rows are read: they are not parsed one by one.
    rows: async (from, to, limit) =>
      (await ask(
        `SELECT ${rawColumns("encode(hash, 'hex')")} FROM audit_rows
          WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3`,
        [from, to, limit],
        'array',
      )) as RawRow[],
    async last(from, to) {
      const text = 'SELECT max(position) AS last FROM audit_rows WHERE position >= $1 AND position < $2';
      return LastSchema.parse(await ask(text, [from, to]))[0]?.last ?? undefined;
    },
    words: async (ids) =>
      WordsSchema.parse(await ask('SELECT id, text FROM audit_words WHERE id = ANY($1::int[])', [ids])),
    close: () => pool.end(),
  };
}
