// Authorization: nobody may do anything until a rule says so, deny wins, lists show only what is allowed, a denial names its rule.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Rule } from 'mcpgate-shared/api/rules';
import { openWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { addTwoServers, createCountingWorld } from '../world/counting-world.ts';

let world: World;
before(async () => (world = await openWorld({ open: false })));
after(() => world.close());

/** The server `counting` in a world without a rule; both end with the test, and so do the rules that it adds. */
async function countingServer(t: TestContext) {
  const { upstream } = await addTwoServers(t, world);
  t.after(async () => {
    const rules = (await world.broker.json(['rule', 'list'])) as Rule[];
    for (const { id } of rules) await world.broker.run(['rule', 'remove', id]);
  });
  return upstream;
}

const addRule = async (...words: string[]) => (await world.broker.json(['rule', 'add', ...words])) as Rule;

test('a fresh broker enforces and has no rule: nothing is listed, nothing is forwarded', async (t) => {
  const { upstream, world: fresh } = await createCountingWorld(t, { open: false });
  const client = await (await fresh.member('ada')).aiClient();
  assert.deepEqual(await client.toolNames(), []);
  const denied = await client.call('counting__echo', { text: 'x' });
  assert.equal(denied.isError, true);
  assert.ok(denied.text.startsWith('[mcpgate denied]'), denied.text);
  assert.equal(upstream.calls.length, 0);
});

test('allow for a group, deny first, and a denial that names its rule and never reaches the upstream', async (t) => {
  const upstream = await countingServer(t);
  await addRule('--allow', '--who', 'group:payments', '--what', 'counting__*');
  const deny = await addRule('--deny', '--who', '*', '--what', 'counting__f*', '--note', 'no failing on purpose');
  const ada = await (await world.member('ada', { groups: ['payments'] })).aiClient();
  const grace = await (await world.member('grace')).aiClient();

  assert.deepEqual(await ada.toolNames(), [
    'counting__echo',
    'counting__hold',
    'counting__large',
    'counting__progress',
  ]);
  assert.deepEqual(await grace.toolNames(), []);
  assert.equal((await ada.call('counting__echo', { text: 'allowed' })).text, 'allowed');
  const denied = await ada.call('counting__fail');
  assert.equal(denied.isError, true);
  assert.ok(denied.text.startsWith('[mcpgate denied]') && denied.text.includes(deny.id), denied.text);
  const machine = denied.meta['mcpgate/decision'] as { rule?: string } | undefined;
  assert.equal(machine?.rule, deny.id);
  assert.equal((await grace.call('counting__echo', { text: 'x' })).isError, true);
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['echo'],
  );
  const record = await callRecord(world.broker, ({ rule }) => rule === deny.id);
  assert.deepEqual(
    { decision: record.decision, status: record.status, member: record.member, server: record.server },
    { decision: 'deny', status: 'denied', member: 'ada', server: 'counting' },
  );
  const shown = async () => await world.broker.run(['audit', 'show', record.id]);
  assert.match(
    await shown(),
    /^rule then {3}deny everybody to call counting__f\*.*\nits note {4}no failing on purpose\nrule now {4}the same\n(?!its note)/m,
  );
  await world.broker.run(['rule', 'edit', deny.id, '--note', 'not yet']);
  assert.match(await shown(), /^its note {4}no failing on purpose\nrule now {4}the same\nits note {4}not yet\n/m);
  await world.broker.run(['rule', 'edit', deny.id, '--no-note']);
  assert.match(await shown(), /^rule now {4}the same\nits note {4}none any more\n/m);
});

test('a rule holds from the next call on, without a new session, and the client is told that its tools changed', async (t) => {
  const upstream = await countingServer(t);
  const client = await (await world.member('joan')).aiClient();
  assert.deepEqual(await client.toolNames(), []);
  const told = client.toolsChanged();
  const { id } = await addRule('--allow', '--who', 'user:joan', '--what', 'counting__echo');
  await told;
  assert.deepEqual(await client.toolNames(), ['counting__echo']);
  assert.equal((await client.call('counting__echo', { text: 'yes' })).text, 'yes');
  await world.broker.run(['rule', 'remove', id]);
  assert.equal((await client.call('counting__echo', { text: 'no' })).isError, true);
  assert.equal(upstream.calls.length, 1);
});

test('observe forwards what would be denied and records it; off asks no rule', async (t) => {
  const upstream = await countingServer(t);
  const client = await (await world.member('linus')).aiClient();
  await world.broker.run(['enforcement', 'observe']);
  assert.equal((await client.call('counting__echo', { text: 'observed' })).text, 'observed');
  const observed = await callRecord(world.broker, ({ member }) => member === 'linus');
  assert.deepEqual([observed.server, observed.decision], ['counting', 'would_deny']);
  await world.broker.run(['enforcement', 'off']);
  assert.equal((await client.call('counting__echo', { text: 'off' })).text, 'off');
  await world.broker.run(['enforcement', 'enforce']);
  assert.equal((await client.call('counting__echo', { text: 'enforced' })).isError, true);
  assert.equal(upstream.calls.length, 2);
});

test('`rule test` says what would be decided and calls nothing', async (t) => {
  const upstream = await countingServer(t);
  await world.person('ken', { groups: ['payments'] });
  const { id } = await addRule('--allow', '--who', 'group:payments', '--what', 'counting__echo');
  const verdict = async (what: string) =>
    JSON.parse((await world.broker.cli(['rule', 'test', '--who', 'user:ken', '--what', what, '--json'])).stdout) as {
      decision: string;
      rule: string | null;
    };
  const allowed = await verdict('counting__echo');
  assert.deepEqual([allowed.decision, allowed.rule], ['allow', id]);
  const denied = await verdict('counting__fail');
  assert.deepEqual([denied.decision, denied.rule], ['deny', null]);
  assert.equal(upstream.calls.length, 0);
});
