// Reads a database as it was at one moment, while others go on writing: a read transaction of SQLite (in WAL mode nobody waits for it), or REPEATABLE
// READ of PostgreSQL. Used in a thread of its own (export-thread.ts).
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { quoted, type Ask } from './table-shapes.ts';
import { databaseName } from '../postgres/database-name.ts';
import { namedUrl } from '../postgres/named-url.ts';
import { explainPostgresError } from '../postgres/postgres-error.ts';
import type { EngineKind } from '../engine.ts';
import type { TableShape } from './backup-format.ts';

export type DatabasePlace = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string };

export interface Snapshot {
  readonly kind: EngineKind;
  ask: Ask;
  /** The rows of a table as arrays of column values, some at a time; bytes as base64. */
  rows(table: TableShape): AsyncIterable<unknown[][]>;
  close(): Promise<void>;
}

/** So many rows are in memory at a time. */
const ROWS = 500;
/** To count the rows of a large log takes a slow server minutes; one that says nothing for longer has gone away without a word. */
const SILENCE_MS = 600_000;
const CONNECT_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;

/** `silenceMs`: for tests. */
export async function openSnapshot(
  place: DatabasePlace,
  { silenceMs = SILENCE_MS }: { silenceMs?: number } = {},
): Promise<Snapshot> {
  return place.kind === 'sqlite' ? openSqliteSnapshot(place.file) : await openPostgresSnapshot(place.url, silenceMs);
}

const asWritten = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;

function openSqliteSnapshot(file: string): Snapshot {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  database.exec('BEGIN');
  const ask: Ask = (statement) => Promise.resolve(database.prepare(statement).all());
  return {
    kind: 'sqlite',
    ask,
    async *rows({ name, columns }) {
      const list = columns.map((column) => quoted(column.name)).join(', ');
      const statement = database.prepare(`select ${list} from ${quoted(name)}`);
      statement.setReturnArrays(true);
      let batch: unknown[][] = [];
      for (const row of statement.iterate()) {
        batch.push(Object.values(row).map(asWritten));
        if (batch.length < ROWS) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },
    close() {
      database.close();
      return Promise.resolve();
    },
  };
}

/** Rejects with what PostgreSQL, or the way to it, has against it, also where it says nothing for `silenceMs`. */
async function openPostgresSnapshot(url: string, silenceMs: number): Promise<Snapshot> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const client = new pg.Client({
    connectionString: namedUrl(url, 'mcpgate-broker backup'),
    types,
    connectionTimeoutMillis: Math.min(CONNECT_TIMEOUT_MS, silenceMs),
    query_timeout: silenceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  // The thread ends with the error of the statement that is under way.
  client.on('error', () => undefined);
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw explainPostgresError(databaseName(url), error);
    }
  };
  const query = <Row extends pg.QueryResultRow>(text: string) => explained(client.query<Row>(text));
  await explained(client.connect());
  await query('set statement_timeout = 0');
  await query('set idle_in_transaction_session_timeout = 0');
  await query('begin isolation level repeatable read read only');
  const ask: Ask = async (statement) => (await query<Record<string, unknown>>(statement)).rows;
  return {
    kind: 'postgres',
    ask,
    async *rows({ name, columns }) {
      const list = columns.map((column) => quoted(column.name)).join(', ');
      await query(`declare backup_rows no scroll cursor for select ${list} from ${quoted(name)}`);
      for (;;) {
        const fetched = client.query<unknown[]>({ text: `fetch ${ROWS} from backup_rows`, rowMode: 'array' });
        const { rows } = await explained(fetched);
        if (rows.length === 0) break;
        yield rows.map((row) => row.map(asWritten));
      }
      await query('close backup_rows');
    },
    close: () => client.end(),
  };
}
