// The embedded engine: one file in the data folder, readable by the broker's user only.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Dialect, Kysely } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import type { Bus } from '../../domain/bus.ts';
import { asHostError } from '../../domain/public-message.ts';
import type { NewRow } from '../audit/row.ts';
import { WordBook } from '../audit/words.ts';
import { PROBE_NAME, type Durability, type Engine } from '../engine.ts';
import type { Database } from '../schema.ts';
import { createAuditAppend } from './append-audit.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';
import { explainSqliteError, isBusy } from './sqlite-error.ts';

/** Waiting for another process blocks the event loop, so it is short enough that no link of the tunnel misses a heartbeat. */
const DEFAULT_BUSY_TIMEOUT_MS = 2_000;
/** Who only reads has a thread of their own to wait in. */
const READ_TIMEOUT_MS = 10_000;
/** A checkpoint after 32 MiB. Each waits some milliseconds for the disk, so they are rare; and a page that changed often is written only once. */
const CHECKPOINT_PAGES = 16_000;
/** A commit writes whole pages, one or two for each index. Small pages make an append to the audit log a fifth faster (measured). */
const PAGE_BYTES = 2_048;

export interface SqliteOptions {
  busyTimeoutMs?: number;
  durability?: Durability;
}

/** Opens (or creates, 0600) `mcpgate.db` in `dataDir`. Throws `config` where the file cannot be written or is no database. */
export function openSqlite(
  dataDir: string,
  { busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, durability = 'commit' }: SqliteOptions = {},
): Engine {
  const file = join(dataDir, 'mcpgate.db');
  const explain = (error: unknown): GateError => explainSqliteError(file, error);
  const database = openFile(dataDir, file, { busyTimeoutMs, durability });
  const db = new Kysely<Database>({ dialect: createSqliteDialect(database, explain) });
  const words = new WordBook();
  const append = createAuditAppend(database, words);

  return {
    kind: 'sqlite',
    db,
    bus: createSilentBus(),
    announce: () => Promise.resolve(),
    words,
    log: { kind: 'sqlite', file },
    appendAudit(rows, chains) {
      // While a transaction is under way the connection belongs to it: the query builder waits until it is free.
      if (database.isOpen && database.isTransaction)
        return db.connection().execute(async () => appendNow(rows, chains));
      try {
        appendNow(rows, chains);
      } catch (error) {
        return Promise.reject(error);
      }
      return Promise.resolve();
    },
    probe: (text) => db.connection().execute(async () => probeNow(text)),
    close() {
      // Not through the query builder: it would refuse later queries with an error that is no GateError.
      if (database.isOpen) database.close();
      return Promise.resolve();
    },
  };

  function probeNow(text: string): void {
    try {
      // Without waiting, which would block the event loop. A file that is locked shows that another process can write to it.
      database.exec('PRAGMA busy_timeout = 0');
      database.prepare(PROBE).run(PROBE_NAME, text);
    } catch (error) {
      if (!isBusy(error)) throw asHostError(explain(error));
    } finally {
      if (database.isOpen) database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    }
  }

  function appendNow(rows: readonly NewRow[], chains: ReadonlyMap<string, number>): void {
    try {
      append(rows, chains);
    } catch (error) {
      throw asHostError(explain(error));
    }
  }
}

const PROBE = `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/** A connection that reads what is there. Throws `unavailable` where it cannot. */
export function openSqliteReads(file: string): { dialect: Dialect; close: () => Promise<void> } {
  const explain = (error: unknown): GateError => explainSqliteError(file, error);
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: READ_TIMEOUT_MS });
    return {
      dialect: createSqliteDialect(database, explain),
      close() {
        database.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    throw asHostError(explain(error));
  }
}

function openFile(dataDir: string, file: string, { busyTimeoutMs, durability }: Required<SqliteOptions>): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    // First, because the page size can be set only as long as the file is empty.
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${durability === 'disk' ? 'FULL' : 'NORMAL'}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.exec('PRAGMA recursive_triggers = ON');
    database.exec('PRAGMA journal_size_limit = 67108864');
    return database;
  } catch (error) {
    database?.close();
    const explained = explainSqliteError(file, error);
    if (explained.code !== 'internal') throw explained;
    const detail = error instanceof Error ? error.message : String(error);
    const text = `the database ${file} cannot be opened for writing (${detail}): check the data folder and who owns it`;
    throw new GateError('config', text, { cause: error });
  }
}

/** Over SQLite, whose database only one broker uses, there are no other brokers to tell or to hear. */
export function createSilentBus(): Bus {
  return {
    open: () => Promise.resolve(),
    publish: () => Promise.resolve(),
    listen: () => () => undefined,
    others: () => [],
    silent: () => [],
  };
}
