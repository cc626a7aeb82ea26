// Limits of rules over two brokers on one database, as people meet them: what both of them let through together, and after one was killed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { startSecondBroker } from '../world/second-broker.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

test('two brokers share a limit, and one that is killed takes nothing of it along that could be had twice', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { databaseUrl, open: false, servers: { counting: { url: upstream.url } } });
  const second = await startSecondBroker(t, world, databaseUrl);
  const limited = ['--limit', '40/day', '--per', 'rule'];
  await world.broker.json(['rule', 'add', '--allow', '--who', '*', '--what', 'counting__*', ...limited]);
  const here = await (await world.member('ada')).aiClient();
  await here.toolNames();
  world.network.target = second.listenUrl;
  const there = await (await world.member('grace')).aiClient();
  await there.toolNames();
  const calls = (count: number, clients: readonly (typeof here)[]) =>
    Promise.all(
      clients.flatMap((client) => Array.from({ length: count }, () => client.call('counting__echo', { text: 'x' }))),
    );

  const first = await calls(10, [here, there]);
  assert.equal(first.filter(({ isError }) => isError).length, 0);
  await second.stop('SIGKILL');
  const rest = await calls(50, [here]);
  const denied = rest.filter(({ isError }) => isError);
  assert.ok(denied.every(({ text }) => text.startsWith('[mcpgate denied]') && text.includes('at most 40 a day')));
  assert.ok(upstream.calls.length <= 40, `${upstream.calls.length} calls reached the server`);
  assert.ok(
    upstream.calls.length >= 36,
    `${upstream.calls.length}: all but the blocks of 2 that a broker may have held`,
  );
  assert.equal(rest.length - denied.length, upstream.calls.length - 20);
});
