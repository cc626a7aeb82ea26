// @modelcontextprotocol/server-postgres on a real PostgreSQL: the password is in its argument, a URL.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql, startPostgres } from '../../postgres.ts';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

test('the PostgreSQL server answers queries and lists tables as resources; the URL with its password stays at the broker', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  await runSql(url, 'create table payments (id int, amount bigint)');
  await runSql(url, 'insert into payments values (1, 9007199254740993)');
  const server = await openGatedServer(t, 'pg', () => thirdParty('@modelcontextprotocol/server-postgres', [url]));
  await server.assertSameLists();

  const answer = await server.client.call('pg__query', { sql: 'select amount::text from payments' });
  assert.equal(answer.isError, false, answer.text);
  assert.match(answer.text, /9007199254740993/);
  const { resources } = await server.client.sdk.listResources();
  assert.match(resources[0]?.uri ?? '', /^pg\+postgres:.*payments\/schema$/);
  const { contents } = await server.client.sdk.readResource({ uri: resources[0]?.uri ?? '' });
  assert.match(JSON.stringify(contents), /bigint/);
  server.assertNotOnLaptop(new URL(url).password);
});
