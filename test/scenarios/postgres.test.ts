// The whole story on PostgreSQL: start, log in, list, call, rotate, deny, revoke, read the log, restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { searchCalls } from '../world/call-rows.ts';

test('the whole story on PostgreSQL', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const upstream = await startCountingUpstream({ accepts: ['Bearer first-service-token'] });
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    databaseUrl: await postgres.createDatabase(),
    servers: { counting: { url: upstream.url, headers: { Authorization: 'Bearer first-service-token' } } },
  });
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  assert.ok((await client.toolNames()).includes('counting__echo'));
  assert.equal((await client.call('counting__echo', { text: 'one' })).text, 'one');
  upstream.accepts = ['Bearer second-service-token'];
  await world.broker.run(['secret', 'set', await world.secretOf('counting')], { stdin: 'second-service-token' });
  assert.equal((await client.call('counting__echo', { text: 'two' })).text, 'two');
  await world.broker.run(['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'counting__echo']);
  assert.equal((await client.call('counting__echo', { text: 'three' })).isError, true);
  await world.broker.stop();
  await world.broker.start();
  assert.equal(
    (await client.call('counting__progress')).text,
    'three steps',
    'login, server and secret survived the restart',
  );
  await world.broker.run(['user', 'disable', 'ada']);
  assert.equal((await ada.gate(['tools'])).code, 3);
  const calls = await searchCalls(world.broker);
  assert.deepEqual(calls.map(({ status }) => status).sort(), ['denied', 'ok', 'ok', 'ok']);
  assert.equal(upstream.refused, 0);
});
