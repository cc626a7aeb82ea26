// Point 6 of the tunnel: dead links are noticed, a sleep too, and clients of a broker that takes leave go to another one.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPostgres } from '../postgres.ts';
import { putToSleep } from '../world/asleep.ts';
import { startBroker } from '../world/broker.ts';
import { createCountingWorld, holdCall } from '../world/counting-world.ts';
import { processesOf } from '../world/process-table.ts';

test('two brokers on one database: one is stopped under a call, which finishes there; the calls after it go to the other', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const { upstream, world } = await createCountingWorld(t, { databaseUrl });
  const root = join(world.root, 'second');
  mkdirSync(root);
  const second = await startBroker({
    root,
    args: ['--public-url', world.network.url, '--database-url', databaseUrl],
    env: { MCPGATE_MASTER_KEY_FILE: join(world.broker.dataDir, 'master.key') },
  });
  t.after(() => second.stop());
  const client = await (await world.member('ada')).aiClient();
  const held = client.call('counting__hold');
  await upstream.arrived('hold');

  world.network.target = second.listenUrl; // as a load balancer does once readiness falls
  const { total } = world.network.upgrades;
  const stopped = world.broker.stop('SIGTERM');
  await world.network.when(() => world.network.upgrades.total > total);
  for (const text of ['one', 'two', 'three']) {
    assert.equal((await client.call('counting__echo', { text })).text, text);
  }
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(await stopped, 0);
  assert.equal((await client.call('counting__echo', { text: 'four' })).text, 'four');
  assert.equal(upstream.calls.length, 5, 'each was carried out once');
  await world.network.when(() => world.network.upgrades.open === 1);
});

test('a computer that slept, and whose link died meanwhile, calls again as soon as it wakes', async (t) => {
  const { upstream, world, ada, held } = await holdCall(t);
  const daemon = processesOf(ada.home).find(({ commandLine }) => /\bdaemon run\b/.test(commandLine));
  assert.ok(daemon);
  world.network.cut();
  await putToSleep(daemon.pid, 5_500, () => {
    upstream.release();
    world.network.restore();
  });
  assert.equal((await held).text, 'released', 'the result has waited for it');
  // It is the clock that tells of the sleep. The heartbeat would find the dead link too, but after up to 19 s.
  const log = readFileSync(join(ada.home, '.config/mcpgate/daemon.log'), 'utf8');
  assert.match(log, /woke up/);
  assert.equal(upstream.calls.length, 1);
});

test('a half-open link is noticed, and the call under way is answered over the next one', async (t) => {
  const { upstream, world, held } = await holdCall(t);
  const { total } = world.network.upgrades;
  world.network.swallow();
  upstream.release();
  await world.network.when(() => world.network.upgrades.total > total);
  // How soon: cli/src/daemon/link-pulse.test.ts.
  assert.equal((await held).text, 'released');
  assert.equal(upstream.calls.length, 1);
});
