import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { startFaultProxy } from 'mcpgate-test/chaos/fault-proxy';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { until } from 'mcpgate-test/world/until';
import pg from 'pg';
import { DatabaseRefusal, explainPostgresError } from './postgres-error.ts';
import { createPostgresPool } from './postgres-pool.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const serverUrl = (): string => postgres?.url ?? '';

async function openPool(t: TestContext, { max = 1, url }: { max?: number; url?: string } = {}) {
  const lost: unknown[] = [];
  const databaseUrl = url ?? (await postgres?.createDatabase()) ?? '';
  const types = new pg.TypeOverrides();
  const pool = createPostgresPool({ url: databaseUrl, max, types, onLost: (error) => lost.push(error) });
  t.after(() => pool.end().catch(() => undefined)); // where the test has not ended it itself
  const name = new URL(databaseUrl).pathname.slice(1);
  const ended = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  return { pool, lost, databaseUrl, endAll: () => runSql(serverUrl(), ended) };
}

/** A server that can be made silent. */
async function openThroughProxy(t: TestContext, max = 1) {
  const proxy = await startFaultProxy();
  t.after(() => proxy.close());
  const url = new URL((await postgres?.createDatabase()) ?? '');
  proxy.target = `http://${url.host}`;
  url.host = new URL(proxy.url).host;
  const { pool } = await openPool(t, { url: url.href, max });
  return { proxy, pool };
}

const one = { text: 'select 1 as one' };

test('a connection that dies while it is lent out, with and without a statement under way, ends nothing but itself', async (t) => {
  const { pool, endAll } = await openPool(t, { max: 2 });
  const [quiet, busy] = [await pool.connect(), await pool.connect()];
  const asked = busy.query({ text: 'select pg_sleep(600)' });
  asked.catch(() => undefined);
  await until('both to be there', async () => (await quiet.query(one)).rowCount === 1);
  await endAll();
  await assert.rejects(asked, /terminat/);
  await assert.rejects(quiet.query(one));
  quiet.release();
  busy.release();
  const next = await pool.connect();
  assert.deepEqual((await next.query(one)).rows, [{ one: 1 }]);
  next.release();
});

test('a connection that dies while nobody has it is told, and the next one is a new one', async (t) => {
  const { pool, lost, endAll } = await openPool(t);
  (await pool.connect()).release();
  await endAll();
  await until('the loss', () => lost.length > 0);
  const next = await pool.connect();
  assert.deepEqual((await next.query(one)).rows, [{ one: 1 }]);
  next.release();
});

test('a server that takes no writes any more is told from one that does, and left', async (t) => {
  const { pool, databaseUrl, endAll } = await openPool(t);
  const name = new URL(databaseUrl).pathname.slice(1);
  const client = await pool.connect();
  await client.query({ text: 'create table t (n int)' });
  await client.query({ text: 'set default_transaction_read_only = on' });
  await runSql(serverUrl(), `alter database ${name} set default_transaction_read_only = on`);
  const refused = await client.query({ text: 'insert into t values (1)' }).catch((error: unknown) => error);
  assert.match(explainPostgresError('here', refused).message, /takes no writes/);
  client.release();
  const why = await pool.connect().catch((error: unknown) => error);
  assert.match(explainPostgresError('here', why).message, /takes no writes/);
  assert.equal(explainPostgresError('here', why).code, 'unavailable');
  await runSql(serverUrl(), `alter database ${name} set default_transaction_read_only = off`);
  const next = await pool.connect();
  await next.query({ text: 'insert into t values (2)' });
  next.release();
  await endAll();
});

test('a statement that a silent server has swallowed is given up where it is cut, its place is free, and the end does not wait', async (t) => {
  const { proxy, pool } = await openThroughProxy(t);
  const client = await pool.connect();
  const hole = proxy.swallow(['up', 'down']);
  const asked = client.query(one);
  asked.catch(() => undefined);
  assert.equal(pool.cutBusySince(performance.now() - 60_000), 0, 'what was asked a moment ago may still be answered');
  assert.equal(pool.cutBusySince(performance.now() + 1), 1);
  await assert.rejects(asked, /terminated/);
  client.release();
  const next = await pool.connect();
  assert.deepEqual((await next.query(one)).rows, [{ one: 1 }]);
  next.release();
  const again = proxy.swallow(['up', 'down']);
  await pool.end();
  hole.reset();
  again.reset();
});

test('a copy is all that the server says, leaves its connection for the next question and nothing behind; of a silent server it is given up', async (t) => {
  const { proxy, pool } = await openThroughProxy(t);
  const client = await pool.connect();
  const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = timers();
  const text = 'copy (select n from generate_series(1, 50000) as n) to stdout';
  const lines = (await client.copy(text)).toString('latin1').trimEnd().split('\n');
  assert.deepEqual([lines.length, lines.at(-1)], [50_000, '50000']);
  assert.equal(timers(), before);
  await assert.rejects(client.copy('copy (select 1 / 0) to stdout'), /division by zero/);
  assert.deepEqual((await client.query(one)).rows, [{ one: 1 }]);
  const hole = proxy.swallow(['up', 'down']);
  const asked = client.copy(text);
  asked.catch(() => undefined);
  assert.equal(pool.cutBusySince(performance.now() + 1), 1);
  await assert.rejects(asked, /terminated/);
  client.release();
  const next = await pool.connect();
  assert.equal((await next.copy('copy (select 1) to stdout')).toString('latin1'), '1\n');
  next.release();
  hole.reset();
});

test('connections that nobody used while their server went away without a word are not used once another one is there', async (t) => {
  const { proxy, pool } = await openThroughProxy(t, 3);
  const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const client of clients) client.release();
  const hole = proxy.swallow(['up', 'down']);
  pool.renew();
  const asked = await Promise.all(
    [1, 2, 3].map(async () => {
      const client = await pool.connect();
      const { rowCount } = await client.query(one);
      client.release();
      return rowCount;
    }),
  );
  assert.deepEqual(asked, [1, 1, 1]);
  hole.reset();
});

test('a URL without a password, where the server asks for one, is told as such', async (t) => {
  const url = new URL(serverUrl());
  url.password = '';
  const { pool } = await openPool(t, { url: url.href });
  const why = await pool.connect().catch((error: unknown) => error);
  const refused = explainPostgresError('here', why);
  assert.match(refused.message, /refused: empty password/);
  assert.ok(refused instanceof DatabaseRefusal);
  // With SCRAM the driver says it, before the server does.
  const scram = new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string');
  assert.match(explainPostgresError('here', scram).message, /asks for a password/);
  assert.ok(explainPostgresError('here', scram) instanceof DatabaseRefusal);
});
