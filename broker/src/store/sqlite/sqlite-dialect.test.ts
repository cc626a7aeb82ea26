import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { temporaryFolder } from '../fixtures/both-engines.ts';
import { openSqlite } from './open-sqlite.ts';

test('a transaction for which the disk has no room is refused as that, nothing of it stays, and with room the next one is taken', async (t) => {
  const engine = openSqlite(temporaryFolder(t));
  t.after(() => engine.close());
  const { db } = engine;
  await sql`create table notes (text text)`.execute(db);
  const put = (bytes: number) =>
    db.transaction().execute(async (trx) => {
      await sql`insert into notes values ('first')`.execute(trx);
      await sql`insert into notes values (${'x'.repeat(bytes)})`.execute(trx);
    });
  const count = async () =>
    (await sql<{ count: number }>`select count(*) as count from notes`.execute(db)).rows[0]?.count;
  await put(1);
  // The file has no room for more pages, as on a disk that is full.
  await sql`pragma max_page_count = 1`.execute(db);
  await assert.rejects(put(1_000_000), { code: 'unavailable', message: /is full/ });
  assert.equal(await count(), 2);
  await sql`pragma max_page_count = 1000000`.execute(db);
  await put(1_000_000);
  assert.equal(await count(), 4);
});
