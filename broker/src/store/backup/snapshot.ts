// Reads a database as it was at one moment, while others go on writing: a read transaction of SQLite (in WAL mode nobody waits for it), or REPEATABLE
// READ of PostgreSQL. Used in a thread of its own (export-thread.ts).
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { quoted, type Ask } from './table-shapes.ts';
import { namedUrl } from '../postgres/named-url.ts';
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

export async function openSnapshot(place: DatabasePlace): Promise<Snapshot> {
  return place.kind === 'sqlite' ? openSqliteSnapshot(place.file) : await openPostgresSnapshot(place.url);
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

async function openPostgresSnapshot(url: string): Promise<Snapshot> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const client = new pg.Client({ connectionString: namedUrl(url, 'mcpgate-broker backup'), types });
  // The thread ends with the error of the statement that is under way.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('set statement_timeout = 0');
  await client.query('set idle_in_transaction_session_timeout = 0');
  await client.query('begin isolation level repeatable read read only');
  const ask: Ask = async (statement) => (await client.query<Record<string, unknown>>(statement)).rows;
  return {
    kind: 'postgres',
    ask,
    async *rows({ name, columns }) {
      const list = columns.map((column) => quoted(column.name)).join(', ');
      await client.query(`declare backup_rows no scroll cursor for select ${list} from ${quoted(name)}`);
      for (;;) {
        const { rows } = await client.query<unknown[]>({
          text: `fetch ${ROWS} from backup_rows`,
          rowMode: 'array',
        });
        if (rows.length === 0) break;
        yield rows.map((row) => row.map(asWritten));
      }
      await client.query('close backup_rows');
    },
    close: () => client.end(),
  };
}
