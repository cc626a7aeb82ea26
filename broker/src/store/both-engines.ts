// For tests: runs one suite against SQLite and against a real PostgreSQL server, with a fresh database for each test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext } from 'node:test';
import { type Clock, systemClock } from 'mcpgate-shared/clock';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { pino } from 'pino';
import type { EngineKind } from './engine.ts';
import { openStore } from './open-store.ts';
import type { Store } from './store.ts';

export interface StoreUnderTest {
  store: Store;
  kind: EngineKind;
  dataDir: string;
  /** Stepped by hand. */
  clock: Clock & { at: number };
  /** Another store over the same database, as a restarted or second broker has. */
  reopen: () => Promise<Store>;
  /** Runs a statement behind the store's back. */
  tamper: (statement: string) => Promise<void>;
  /** Makes the database refuse to serve, and serve again. `bus`: PostgreSQL goes on serving the connections of the bus. */
  takeAway: (keep?: 'bus') => Promise<() => Promise<void>>;
}

export type OpenStoreUnderTest = (t: TestContext) => Promise<StoreUnderTest>;

/** `suite` registers its tests; each calls `open` for a database of its own, which is gone after the test. */
export function onBothEngines(suite: (open: OpenStoreUnderTest) => void): void {
  describe('on SQLite', () => {
    suite((t) => {
      const dataDir = temporaryFolder(t);
      return openUnderTest(t, 'sqlite', { dataDir });
    });
  });
  onPostgres(suite);
}

/** The same for what only several brokers have. */
export function onPostgres(suite: (open: OpenStoreUnderTest) => void): void {
  describe('on PostgreSQL', () => {
    let postgres: TestPostgres | undefined;
    before(async () => {
      postgres = await startPostgres();
    });
    after(() => postgres?.stop());
    suite(async (t) => {
      const databaseUrl = await postgres?.createDatabase();
      if (postgres === undefined || databaseUrl === undefined) throw new Error('PostgreSQL did not start');
      return openUnderTest(t, 'postgres', { dataDir: temporaryFolder(t), databaseUrl, adminUrl: postgres.url });
    });
  });
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function openUnderTest(
  t: TestContext,
  kind: EngineKind,
  place: { dataDir: string; databaseUrl?: string; adminUrl?: string },
): Promise<StoreUnderTest> {
  const { dataDir, databaseUrl, adminUrl } = place;
  const clock: StoreUnderTest['clock'] = {
    at: 1_790_000_000_000,
    now: () => clock.at,
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
  };
  const reopen = async (): Promise<Store> => {
    const log = pino({ level: 'silent' });
    const store = await openStore({
      dataDir,
      busyTimeoutMs: 50,
      clock,
      log,
      ...(databaseUrl !== undefined && { databaseUrl }),
    });
    t.after(() => store.close());
    return store;
  };
  const file = join(dataDir, 'mcpgate.db');

  return {
    store: await reopen(),
    kind,
    dataDir,
    clock,
    reopen,
    async tamper(statement) {
      if (databaseUrl !== undefined) return runSql(databaseUrl, statement);
      const database = new DatabaseSync(file);
      try {
        database.exec(statement);
      } finally {
        database.close();
      }
    },
    async takeAway(keep) {
      if (databaseUrl !== undefined && adminUrl !== undefined) {
        const name = new URL(databaseUrl).pathname.slice(1);
        await runSql(adminUrl, `alter database ${name} allow_connections false`);
        const kept = keep === undefined ? '' : `and application_name <> 'mcpgate-broker bus'`;
        const ours = `select pid from pg_stat_activity where datname = '${name}' ${kept}`;
        await runSql(adminUrl, `select pg_terminate_backend(pid) from (${ours}) as ours`);
        return () => runSql(adminUrl, `alter database ${name} allow_connections true`);
      }
      // Another process that writes and does not end.
      const database = new DatabaseSync(file);
      database.exec('BEGIN IMMEDIATE');
      return () => {
        database.close();
        return Promise.resolve();
      };
    },
  };
}
