// A leaver with many calls under way on many devices: everything ends at once, everywhere, and the receipt says what it was.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import type { IssuedGrant } from '../world/issued-grant.ts';
import { until } from '../world/until.ts';

const DEVICES = 5;
const CALLS = 10;
/** From the moment the command has returned. The goal is 100 ms; machines that run other tests meanwhile get some more. */
const LIMIT_MS = 250;

interface Receipt {
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  last_calls: { device: string; tool_name: string }[];
}

test('50 calls under way on 5 devices end with their person: upstream, links, tokens, grants', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { servers: { counting: { url: upstream.url } } });
  const first = await world.member('ada');
  const laptops = [first];
  for (let number = 2; number <= DEVICES; number++) {
    const laptop = world.laptop(`ada-${number}`);
    await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']));
    laptops.push(laptop);
  }
  const words = ['grant', 'issue', '--label', 'hers', '--server', 'counting', '--user', 'ada'];
  const grant = (await world.broker.json(words)) as IssuedGrant;
  const clients = await Promise.all(laptops.map((laptop) => laptop.aiClient()));
  const held = clients.flatMap((client) =>
    Array.from({ length: CALLS }, () =>
      client.call('counting__hold').catch((error: unknown) => ({ isError: true, text: String(error), meta: {} })),
    ),
  );
  await upstream.arrived('hold', DEVICES * CALLS);

  const receipt = (await world.broker.json(['user', 'disable', 'ada'])) as Receipt;

  const returnedAt = performance.now();
  const isOver = () => upstream.calls.filter(({ cancelled }) => cancelled).length === DEVICES * CALLS;
  await until('every call cancelled at the upstream', isOver);
  await world.network.when(() => world.network.upgrades.open === 0);
  const tookMs = performance.now() - returnedAt;
  t.diagnostic(
    `receipt: ${receipt.ms} ms; all cancelled and closed ${tookMs.toFixed(1)} ms after the command returned`,
  );
  assert.ok(tookMs <= LIMIT_MS, `${tookMs} ms`);
  assert.ok(receipt.ms <= 1_000, `${receipt.ms} ms`);
  assert.deepEqual([receipt.links_closed, receipt.calls_cancelled], [DEVICES, DEVICES * CALLS]);
  assert.ok(receipt.tokens_revoked >= DEVICES);
  assert.equal(receipt.last_calls.length, DEVICES);
  assert.ok(receipt.last_calls.every(({ tool_name }) => tool_name === 'counting__hold'));
  const events = (await world.broker.json(['audit', 'search', '--events', '--type', 'user.disabled'])) as {
    data: { calls_cancelled: number; last_calls: string[] };
  }[];
  assert.equal(events[0]?.data.calls_cancelled, DEVICES * CALLS);
  assert.equal(events[0].data.last_calls.length, DEVICES);

  upstream.release();
  for (const answer of await Promise.all(held)) assert.equal(answer.isError, true, 'a late result is dropped');
  const seen = upstream.calls.length;
  const upgrades = world.network.requests.filter(({ path }) => path.startsWith('/v1/tunnel')).length;
  for (const laptop of laptops) {
    const { code, stderr } = await laptop.gate(['call', 'counting__echo', 'text=x']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /mcpgate login/);
  }
  const headers = { authorization: `Bearer ${grant.token}` };
  assert.equal((await fetch(`${world.url}/v1/whoami`, { headers })).status, 401);
  assert.equal((await fetch(`${world.url}/mcp`, { method: 'POST', headers })).status, 401);
  assert.equal(upstream.calls.length, seen);
  const more = world.network.requests.filter(({ path }) => path.startsWith('/v1/tunnel')).length - upgrades;
  assert.ok(more <= DEVICES * 2, `nobody knocks in a loop: ${more}`);
});
