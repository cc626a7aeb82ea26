// Labelled grants: bearer tokens for CI, bound to servers, shown once, revoked at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IssuedGrant } from '../world/issued-grant.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { filesHolding } from '../world/search.ts';

test('MCPGATE_TOKEN works without a login, is bound to its servers, and ends when it is revoked', async (t) => {
  const [inside, outside] = [await startCountingUpstream(), await startCountingUpstream()];
  t.after(() => Promise.all([inside.close(), outside.close()]));
  const world = await createWorld(t, { servers: { inside: { url: inside.url }, outside: { url: outside.url } } });
  const grant = (await world.broker.json([
    'grant',
    'issue',
    '--label',
    'ci-nightly',
    '--server',
    'inside',
  ])) as IssuedGrant;
  assert.match(grant.token, /^mcg_[A-Za-z0-9_-]{22,}$/);
  const runner = world.laptop('ci-runner', { MCPGATE_BROKER: world.network.url, MCPGATE_TOKEN: grant.token });

  const call = await runner.gate(['call', 'inside__echo', 'text=from ci']);
  assert.equal(call.code, 0, call.stderr);
  assert.match(call.stdout, /from ci/);
  const client = await runner.aiClient();
  assert.ok((await client.toolNames()).every((name) => name.startsWith('inside__')));
  const refused = await client
    .call('outside__echo', { text: 'x' })
    .catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.equal(refused.isError, true);
  assert.equal(outside.calls.length, 0);
  const record = await callRecord(world.broker, ({ server, status }) => server === 'inside' && status === 'ok');
  assert.deepEqual([record.credential_kind, record.credential_label, record.member], ['grant', 'ci-nightly', null]);

  await world.broker.run(['grant', 'revoke', grant.id]);
  assert.equal((await runner.gate(['call', 'inside__echo', 'text=again'])).code, 3);
  assert.equal(inside.calls.length, 1);
  const listed = await world.broker.run(['grant', 'list', '--json']);
  assert.ok(!listed.includes(grant.token));
  assert.deepEqual(filesHolding(world.root, [grant.token]), []);
});

test('a grant of a person has that person’s rights, cut to its servers, and ends with the person', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { open: false, servers: { counting: { url: upstream.url } } });
  await world.broker.run(['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'counting__echo']);
  await world.person('ada');
  const grant = (await world.broker.json([
    'grant',
    'issue',
    '--label',
    'adas-ci',
    '--server',
    'counting',
    '--user',
    'ada',
  ])) as IssuedGrant;
  const runner = world.laptop('runner', { MCPGATE_BROKER: world.network.url, MCPGATE_TOKEN: grant.token });
  assert.equal((await runner.gate(['call', 'counting__echo', 'text=a'])).code, 0);
  assert.equal((await runner.gate(['call', 'counting__fail'])).code, 1);
  await world.broker.run(['user', 'disable', 'ada']);
  assert.equal((await runner.gate(['call', 'counting__echo', 'text=b'])).code, 3);
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['echo'],
  );
});

test('`login --with-token` takes a grant from stdin and says no to a wrong one', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { servers: { counting: { url: upstream.url } } });
  const grant = (await world.broker.json([
    'grant',
    'issue',
    '--label',
    'robot',
    '--server',
    'counting',
  ])) as IssuedGrant;
  const laptop = world.laptop('robot');
  const wrong = await laptop.gate(['login', world.network.url, '--with-token'], {
    stdin: 'mcg_notagrantatallnotagrantatall',
  });
  assert.equal(wrong.code, 3, wrong.stderr);
  const right = await laptop.gate(['login', world.network.url, '--with-token'], { stdin: `${grant.token}\n` });
  assert.equal(right.code, 0, right.stderr);
  assert.equal((await laptop.gate(['call', 'counting__echo', 'text=hi'])).code, 0);
});
