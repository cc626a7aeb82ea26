// Point 5 of what must always hold: a token that expires is renewed in-band and the socket stays; a revoked one ends it at once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';

/** A world whose access tokens live for two seconds. */
async function shortLived(t: TestContext) {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const folder = mkdtempSync(join(tmpdir(), 'mg-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'broker.yaml');
  writeFileSync(file, 'tokens:\n  access_ttl: 2s\n');
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url } },
    brokerArgs: ['--config', file],
  });
  const ada = await world.member('ada');
  const refreshes = () =>
    world.network.requests.filter(
      ({ path, body }) => path === '/oauth/token' && body.includes('grant_type=refresh_token'),
    ).length;
  return { world, ada, upstream, refreshes, client: await ada.aiClient() };
}

test('a call that outlives the token that it was made with returns over the same socket', async (t) => {
  const { world, upstream, refreshes, client } = await shortLived(t);
  await client.call('counting__echo', { text: 'before' });
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const first = refreshes();
  const openedWith = [...world.network.tokens];
  // The broker closes a link 5 s after its token has ended: with this many the first token is long past that.
  await world.network.when(() => refreshes() >= first + 6);
  const refused = await Promise.all(
    openedWith.map((token) => fetch(`${world.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } })),
  );
  assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([401]), 'the tokens from before are dead');
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
  assert.deepEqual(world.network.upgrades, { total: 1, open: 1 }, 'one socket all the time');
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'hold').length, 1);
});

test('a renewal that fails for a passing reason is tried again, and the socket stays', async (t) => {
  const { world, refreshes, client } = await shortLived(t);
  await client.call('counting__echo', { text: 'before' });
  world.network.failNext('/oauth/token', 1);
  const first = refreshes();
  await world.network.when(() => refreshes() >= first + 3);
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
  assert.deepEqual(world.network.upgrades, { total: 1, open: 1 });
});

test('a revoked device: its socket ends at once, `serve` says why, and nothing asks in a loop', async (t) => {
  const { world, ada, upstream, client } = await shortLived(t);
  await client.call('counting__echo', { text: 'before' });
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const [device] = (await world.broker.json(['device', 'list'])) as { id: string }[];
  const receipt = (await world.broker.json(['device', 'revoke', device?.id ?? ''])) as {
    links_closed: number;
    ms: number;
  };
  assert.equal(receipt.links_closed, 1);
  await world.network.when(() => world.network.upgrades.open === 0);
  const ended = await held;
  assert.match(ended.text, /^\[mcpgate\] .*revoked/s);
  await upstream.cancelled();

  const asked = world.network.requests.length;
  for (const step of [1, 2, 3]) {
    const answer = await client.call('counting__echo', { text: `after ${step}` });
    assert.match(answer.text, /^\[mcpgate\] .*revoked.*mcpgate login/s);
  }
  const status = await ada.gate(['status', '--json']);
  assert.equal(status.code, 3);
  assert.ok(world.network.requests.length - asked <= 6, 'a few questions for the status, not a loop');
  assert.equal(world.network.upgrades.total, 1);
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'echo').length, 1);
});
