// One link for all AI clients of a laptop: one daemon, one WebSocket, one refresh.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processesOf } from '../world/process-table.ts';
import { shareWorld } from '../world/shared-world.ts';
import { until } from '../world/until.ts';

const share = shareWorld();

const refreshes = (bodies: readonly { path: string; body: string }[]) =>
  bodies.filter(({ path, body }) => path === '/oauth/token' && body.includes('grant_type=refresh_token')).length;

test('two AI clients started at the same instant share one daemon, one WebSocket and one refresh', async (t) => {
  const { upstream, world } = share(t);
  const ada = await world.member('ada');
  await ada.gate(['daemon', 'stop']);
  const [upgradesBefore, refreshesBefore] = [world.network.upgrades.total, refreshes(world.network.requests)];

  const [claude, cursor] = await Promise.all([ada.aiClient({ name: 'claude-code' }), ada.aiClient({ name: 'cursor' })]);
  const answers = await Promise.all([
    claude.call('counting__echo', { text: 'from claude' }),
    cursor.call('counting__echo', { text: 'from cursor' }),
  ]);

  assert.deepEqual(
    answers.map(({ text }) => text),
    ['from claude', 'from cursor'],
  );
  // Each may have started one; all but the first find it there, and end.
  await until(
    'one daemon to be left',
    () => processesOf(ada.home).filter(({ commandLine }) => /\bdaemon run\b/.test(commandLine)).length === 1,
  );
  assert.equal(world.network.upgrades.total - upgradesBefore, 1, 'one WebSocket was opened');
  assert.equal(world.network.upgrades.open, 1, 'one WebSocket is open');
  assert.equal(refreshes(world.network.requests) - refreshesBefore, 1, 'the refresh token was used once');
  assert.equal(upstream.calls.length, 2, 'each call reached the upstream once');
  await until('the WebSocket to be the only connection', () => world.network.connections === 1);
});

test('the daemon outlives the client that started it, and serve leaves when its client does', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await ada.gate(['daemon', 'stop']);
  const first = await ada.aiClient();
  await first.call('counting__echo', { text: 'one' });
  const second = await ada.aiClient();
  const { pid } = first;
  await first.close();

  await until('the first serve is gone', () => !processesOf(ada.home).some((listed) => listed.pid === pid));
  assert.equal((await second.call('counting__echo', { text: 'two' })).text, 'two');
  await second.close();
  await until('no serve is left', () => !processesOf(ada.home).some(({ commandLine }) => / serve\b/.test(commandLine)));
  const status = (await ada.gateJson(['status'])) as { user: string; tunnel: unknown };
  assert.equal(status.user, 'ada');
});

test('the socket lies in a folder that only its owner can enter', async (t) => {
  const { world } = share(t);
  const ada = await world.member('ada');
  await ada.aiClient();
  const folder = join(ada.home, '.config/mcpgate/run');
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('ten clients of two people: a link each person, and nobody sees the answer of another', async (t) => {
  const { upstream, world } = share(t);
  const people = [await world.member('ada'), await world.member('grace')];
  const clients = await Promise.all(people.flatMap((person) => Array.from({ length: 5 }, () => person.aiClient())));
  await Promise.all(
    clients.map(async (client, index) => {
      for (let i = 0; i < 10; i += 1) {
        const text = `client ${index} call ${i}`;
        assert.equal((await client.call('counting__echo', { text })).text, text);
      }
    }),
  );
  assert.equal(world.network.upgrades.open, 2);
  assert.equal(upstream.calls.length, 100);
});
