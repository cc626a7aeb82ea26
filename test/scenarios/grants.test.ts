// Labelled grants: bearer tokens for CI, bound to servers, shown once, revoked at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, openWorld, type World } from '../world.ts';
import { callRecord } from '../world/call-rows.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { filesHolding } from '../world/search.ts';

let shared: World;
before(async () => (shared = await openWorld()));
after(() => shared.close());

test('MCPGATE_TOKEN works without a login, is bound to its servers, and ends when it is revoked', async (t) => {
  const [inside, outside] = [await startCountingUpstream(), await startCountingUpstream()];
  t.after(() => Promise.all([inside.close(), outside.close()]));
  const world = shared;
  await world.importServers({ inside: { url: inside.url }, outside: { url: outside.url } });
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

  const well = await runner.gate(['doctor', '--json']);
  assert.match(well.stdout, /a grant, from MCPGATE_TOKEN: /);
  await world.broker.run(['grant', 'revoke', grant.id]);
  const over = await runner.gate(['call', 'inside__echo', 'text=again']);
  assert.equal(over.code, 3);
  assert.match(over.stderr, /access was revoked; ask your platform team, then set MCPGATE_TOKEN to another grant/);
  const sick = await runner.gate(['doctor']);
  assert.deepEqual([sick.code, /✗ token .*refused this grant/.test(sick.stdout)], [3, true], sick.stdout);
  assert.equal(inside.calls.length, 1);
  const listed = await world.broker.run(['grant', 'list', '--json']);
  assert.ok(!listed.includes(grant.token));
  assert.deepEqual(filesHolding(world.root, [grant.token]), []);
});

test('a grant of a person has that person’s rights, cut to its servers, and ends with the person', async (t) => {
  const { upstream, world } = await createCountingWorld(t, { open: false });
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
  const world = shared;
  await world.importServers({ robots: { url: upstream.url } });
  const grant = (await world.broker.json(['grant', 'issue', '--label', 'robot', '--server', 'robots'])) as IssuedGrant;
  const laptop = world.laptop('robot');
  const wrong = await laptop.gate(['login', world.network.url, '--with-token'], {
    stdin: 'mcg_notagrantatallnotagrantatall',
  });
  assert.equal(wrong.code, 3, wrong.stderr);
  const right = await laptop.gate(['login', world.network.url, '--with-token'], { stdin: `${grant.token}\n` });
  assert.equal(right.code, 0, right.stderr);
  assert.equal((await laptop.gate(['call', 'robots__echo', 'text=hi'])).code, 0);
});

test('a grant that is bound to addresses is refused from elsewhere at every door, and no forged header helps', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const servers = { counting: { url: upstream.url } };
  const world = await createWorld(t, { direct: true, servers, brokerArgs: ['--behind-proxy', '127.0.0.1/32'] });
  const words = ['grant', 'issue', '--label', 'office', '--server', 'counting', '--allow-from'];
  const grant = (await world.broker.json([...words, '10.0.0.0/8'])) as IssuedGrant;
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hand', version: '1' } },
  };
  const statusFrom = async (path: string, forwardedFor: string) => {
    const headers = {
      authorization: `Bearer ${grant.token}`,
      'x-forwarded-for': forwardedFor,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const more = path === '/mcp' ? { method: 'POST', body: JSON.stringify(initialize) } : {};
    const response = await fetch(world.url + path, { headers, ...more });
    await response.text();
    return response.status;
  };
  for (const path of ['/mcp', '/v1/whoami']) {
    assert.equal(await statusFrom(path, '10.1.2.3'), 200, path);
    assert.equal(await statusFrom(path, '192.0.2.7'), 403, path);
    assert.equal(await statusFrom(path, '10.1.2.3, 192.0.2.7'), 403, `${path}: what the client wrote is not believed`);
  }

  const env = { MCPGATE_BROKER: world.url, MCPGATE_TOKEN: grant.token };
  const refused = await world.laptop('elsewhere', env).gate(['call', 'counting__echo', 'text=x']);
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /may not be used from this address/);
  assert.equal(upstream.calls.length, 0);
  const local = (await world.broker.json([
    ...['grant', 'issue', '--label', 'here', '--server', 'counting'],
    ...['--allow-from', '127.0.0.0/8'],
  ])) as IssuedGrant;
  const there = world.laptop('there', { ...env, MCPGATE_TOKEN: local.token });
  assert.equal((await there.gate(['call', 'counting__echo', 'text=x'])).code, 0);
});

test('a grant for a server that was removed says so, in its list and to its client', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = shared;
  await world.importServers({ gone: { url: upstream.url } });
  const grant = (await world.broker.json([
    ...['grant', 'issue', '--label', 'orphan', '--server', 'gone'],
  ])) as IssuedGrant;
  const runner = world.laptop('runner', { MCPGATE_BROKER: world.url, MCPGATE_TOKEN: grant.token });
  await world.broker.run(['server', 'remove', 'gone']);
  assert.match(await world.broker.run(['grant', 'list']), /gone \(removed\)/);
  const client = await runner.aiClient();
  assert.deepEqual(await client.toolNames(), []);
  const call = await client.call('gone__echo', { text: 'x' }).catch((error: unknown) => ({ text: String(error) }));
  assert.match(call.text, /the grant orphan is bound to the server gone, which is not offered/);
  assert.match((await runner.gate(['status'])).stdout, /gone.*not offered any more/);
});
