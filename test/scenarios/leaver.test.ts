// A leaver with many calls under way on many devices: everything ends at once, everywhere, and the receipt says what it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCountingWorld } from '../world/counting-world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { busyPerson, cutOff } from '../world/people/leaver.ts';

const DEVICES = 5;
const CALLS = 10;

test('50 calls under way on 5 devices end with their person: upstream, links, tokens, grants', async (t) => {
  const { world, upstream } = await createCountingWorld(t);
  const { laptops, held } = await busyPerson({ world, upstream }, { name: 'ada', devices: DEVICES, calls: CALLS });
  const words = ['grant', 'issue', '--label', 'hers', '--server', 'counting', '--user', 'ada'];
  const grant = (await world.broker.json(words)) as IssuedGrant;

  const { receipt, tookMs } = await cutOff({ world, upstream }, 'ada');

  // How fast is for `npm run bench:revocation`.
  t.diagnostic(
    `receipt: ${receipt.ms} ms; all cancelled and closed ${tookMs.toFixed(1)} ms after the command returned`,
  );
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
