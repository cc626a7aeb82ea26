// A PostgreSQL that stops answering in the middle of a backup: the backup ends, instead of waiting for ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFaultProxy } from 'mcpgate-test/chaos/fault-proxy';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { openSnapshot } from './snapshot.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

test('a PostgreSQL that says nothing more is given up, in the middle and before the beginning, and named', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  await runSql(databaseUrl, 'create table numbers as select n from generate_series(1, 1200) as n');
  const proxy = await startFaultProxy();
  t.after(() => proxy.close());
  const url = new URL(databaseUrl);
  proxy.target = `http://${url.host}`;
  url.host = new URL(proxy.url).host;
  const place = { kind: 'postgres', url: url.href } as const;
  const silent = { message: new RegExp(`^the database ${url.pathname.slice(1)} at ${url.host} does not answer`) };

  const snapshot = await openSnapshot(place, { silenceMs: 200 });
  const batches = snapshot.rows({ name: 'numbers', columns: [{ name: 'n', kind: 'int' }] })[Symbol.asyncIterator]();
  const first = await batches.next();
  assert.equal(first.done === true ? 0 : first.value.length, 500);
  const hole = proxy.swallow(['up', 'down']);
  await assert.rejects(batches.next(), silent);
  await snapshot.close();
  hole.reset();

  proxy.stall(2_000);
  await assert.rejects(openSnapshot(place, { silenceMs: 200 }), silent);
});
