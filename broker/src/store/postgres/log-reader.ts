// The log on PostgreSQL, on a connection of its own.
import pg from 'pg';
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
  type FoundRows,
  type LogConnection,
} from '../audit/log-connection.ts';
import { COLUMNS } from '../audit/row-columns.ts';
import { choiceSql, whole } from '../audit/row-choice.ts';
import { allOf, copiedRows } from './copied-rows.ts';
import { databaseName } from './database-name.ts';
import { explainPostgresError } from './postgres-error.ts';
import { createPostgresPool, type LentClient } from './postgres-pool.ts';

const ChainsSchema = z.array(z.object({ number: z.number(), name: z.string(), format: z.number() }));
const KeptSchema = z.array(z.object({ position: z.number(), sealed: z.instanceof(Uint8Array) }));
const WordsSchema = z.array(z.object({ id: z.number(), text: z.string() }));
const LastSchema = z.array(z.object({ last: z.number().nullable() }));

/** Connects at the first question. Rejects with `unavailable` where the server does not answer. */
export function openPostgresLog(url: string): LogConnection {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  // The next question fails where a connection was lost, and says so.
  const name = 'mcpgate-broker log';
  const pool = createPostgresPool({ url, max: 1, types, name, isOfLog: true, onLost: () => undefined });
  const lent = async <T>(work: (client: LentClient) => Promise<T>): Promise<T> => {
    try {
      const client = await pool.connect();
      try {
        return await work(client);
      } finally {
        client.release();
      }
    } catch (error) {
      throw explainPostgresError(databaseName(url), error);
    }
  };
  const ask = (text: string, values: readonly unknown[] = []): Promise<unknown[]> =>
    lent(async (client) => (await client.query({ text, values: [...values], types })).rows);
  const select = `SELECT ${COLUMNS.join(', ')} FROM audit_rows AS r`;
  // The columns have the types of the table, and millions of rows are read: they are not parsed one by one. A copy takes no values beside its text.
  const rowsWhere = (condition: string): Promise<FoundRows> =>
    lent(async (client) =>
      copiedRows(await client.copy(`COPY (${select} WHERE ${condition}) TO STDOUT (FORMAT binary)`)),
    );
  const among = (column: string, positions: readonly number[]): string =>
    `${column} = ANY('{${positions.map(whole).join(',')}}'::bigint[])`;
  return {
    rowsAtOnce: 2_000,
    isAway: true,
    chains: async () =>
      ChainsSchema.parse(await ask('SELECT id AS number, name, format FROM audit_chains ORDER BY id')),
    spans: async () => SpansSchema.parse(await ask(spansText((column) => `encode(${column}, 'hex')`))),
    archives: async () => ArchivesSchema.parse(await ask(ARCHIVES_TEXT)),
    rows: async (from, to, limit, choice) =>
      await rowsWhere(
        `position >= ${whole(from)} AND position < ${whole(to)}${choice === undefined ? '' : ` AND ${choiceSql(choice)}`} ORDER BY position LIMIT ${whole(limit)}`,
      ),
    at: async (positions) => allOf(await rowsWhere(among('position', positions))),
    outcomesOf: async (positions) => allOf(await rowsWhere(`kind = 2 AND ${among('call', positions)}`)),
    argumentsAt: async (positions) =>
      KeptSchema.parse(
        await ask('SELECT position, sealed FROM audit_arguments WHERE position = ANY($1::bigint[])', [positions]),
      ),
    beyond: async () => PositionsSchema.parse(await ask(BEYOND_TEXT))[0]?.position,
    async last(from, to) {
      const text = 'SELECT max(position) AS last FROM audit_rows WHERE position >= $1 AND position < $2';
      return LastSchema.parse(await ask(text, [from, to]))[0]?.last ?? undefined;
    },
    async argumentsIn(from, to) {
      const text = 'SELECT position FROM audit_arguments WHERE position >= $1 AND position < $2';
      return PositionsSchema.parse(await ask(text, [from, to])).map(({ position }) => position);
    },
    wordsAfter: async (after, limit) =>
      RawWordsSchema.parse(await ask(`${WORDS_AFTER_TEXT} $1::bigint ORDER BY id LIMIT $2`, [after, limit])),
    words: async (ids) =>
      WordsSchema.parse(await ask('SELECT id, text FROM audit_words WHERE id = ANY($1::int[])', [ids])),
    wordsOf: async (workspaceId, kind) =>
      WordsSchema.parse(
        await ask('SELECT id, text FROM audit_words WHERE workspace_id = $1 AND kind = $2', [workspaceId, kind]),
      ),
    close: () => pool.end(),
  };
}
