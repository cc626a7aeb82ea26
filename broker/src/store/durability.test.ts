// What a commit waits for, as the engines themselves say it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { sql } from 'kysely';
import { pino } from 'pino';
import pg from 'pg';
import { eventRow } from './fixtures/audit-rows.ts';
import { temporaryFolder } from './fixtures/both-engines.ts';
import type { Durability } from './engine.ts';
import { openStore } from './open-store.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const log = pino({ level: 'silent' });
const clock = steppedClock();

test('an SQLite file waits for the disk at each commit where that was asked for, and not else', async (t) => {
  const found = async (durability?: Durability) => {
    const engine = openSqlite(temporaryFolder(t), durability === undefined ? {} : { durability });
    t.after(() => engine.close());
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(engine.db);
    return rows[0]?.synchronous;
  };
  const [NORMAL, FULL] = [1, 2];
  assert.deepEqual([await found('disk'), await found('commit'), await found()], [FULL, NORMAL, NORMAL]);
});

test('PostgreSQL that answers before its disk is asked to wait for it, and one that waits for more goes on doing so', async (t) => {
  const found = async (server: string, durability: Durability) => {
    const databaseUrl = (await postgres?.createDatabase()) ?? assert.fail();
    const name = new URL(databaseUrl).pathname.slice(1);
    await runSql(databaseUrl, `alter database ${name} set synchronous_commit = ${server}`);
    const store = await openStore({ dataDir: temporaryFolder(t), databaseUrl, durability, log, clock });
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      // The setting of the connection that appends, as a trigger in it sees it.
      await client.query(`create function seen() returns trigger language plpgsql as
        $$ begin insert into settings values ('seen', current_setting('synchronous_commit')); return new; end $$`);
      await client.query('create trigger seen after insert on audit_rows for each row execute function seen()');
      await store.audit.beginChain('w1');
      await store.audit.append([eventRow(1)]);
      const { rows } = await client.query(`select value from settings where name = 'seen'`);
      return String(Object(rows[0]).value);
    } finally {
      await client.end();
      await store.close();
    }
  };
  assert.equal(await found('off', 'commit'), 'off');
  assert.equal(await found('off', 'disk'), 'on');
  assert.equal(await found('on', 'disk'), 'on');
  assert.equal(await found('remote_apply', 'disk'), 'remote_apply');
});
