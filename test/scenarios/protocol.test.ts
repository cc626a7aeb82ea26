// MCP through the whole chain, with the official client: progress, cancellation, errors, ping, and a slow upstream beside others.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { callRecord } from '../world/call-rows.ts';
import { shareWorld } from '../world/shared-world.ts';

const share = shareWorld();

async function setUp(t: TestContext) {
  const shared = share(t);
  return { ...shared, client: await (await shared.world.member('ada')).aiClient({ name: 'claude-code' }) };
}

test('progress of the upstream reaches the client that asked for it', async (t) => {
  const { client, upstream } = await setUp(t);
  const steps: number[] = [];
  const onProgress = (step: number) => {
    steps.push(step);
    if (step === 3) upstream.release();
  };
  const { text } = await client.call('counting__progress', {}, { onProgress });
  assert.equal(text, 'three steps');
  assert.deepEqual(steps, [1, 2, 3]);
});

test('a cancelled call is cancelled at the upstream and recorded so', async (t) => {
  const { client, upstream, world, since } = await setUp(t);
  const abort = new AbortController();
  const call = client.call('counting__hold', {}, { signal: abort.signal });
  const failed = assert.rejects(call);
  await upstream.arrived('hold');
  abort.abort();
  await failed;
  await upstream.cancelled();
  const record = await callRecord(world.broker, ({ status }) => status === 'cancelled', since);
  assert.equal(record.server, 'counting');
});

test('a tool error stays the upstream’s own, a protocol error stays an error, an unknown tool is said so', async (t) => {
  const { client, world, since } = await setUp(t);
  const failed = await client.call('counting__fail');
  assert.deepEqual([failed.isError, failed.text], [true, 'the tool failed on purpose']);
  const record = await callRecord(world.broker, ({ status }) => status === 'tool_error', since);
  assert.equal(record.client_name, 'claude-code');
  await assert.rejects(async () => {
    const answer = await client.call('counting__nothing');
    assert.ok(!answer.isError, answer.text);
    throw new Error('unknown tools are errors');
  });
  assert.ok(await client.sdk.ping());
});

test('a call that waits holds up neither the list nor another call of the same client', async (t) => {
  const { client, upstream } = await setUp(t);
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  assert.equal((await client.call('counting__echo', { text: 'past it' })).text, 'past it');
  assert.ok((await client.toolNames()).includes('counting__hold'));
  upstream.release();
  assert.equal((await held).text, 'released');
});

test('`serve --server NAME` serves one upstream under its own names', async (t) => {
  const { world } = share(t);
  const client = await (await world.member('grace')).aiClient({ args: ['--server', 'counting'] });
  assert.deepEqual(await client.toolNames(), ['echo', 'fail', 'hold', 'large', 'progress']);
  assert.equal((await client.call('echo', { text: 'plain' })).text, 'plain');
});

test('`tools`, `call` and `status` in a terminal', async (t) => {
  const { world } = share(t);
  const grace = await world.member('grace');
  const tools = (await grace.gateJson(['tools', 'counting__e*'])) as { name: string }[];
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['counting__echo'],
  );
  const called = await grace.gate(['call', 'counting__echo', '{"text":"as json"}']);
  assert.equal(called.code, 0);
  assert.match(called.stdout, /as json/);
  assert.equal((await grace.gate(['call', 'counting__fail'])).code, 1);
  const status = (await grace.gateJson(['status'])) as Record<string, unknown>;
  assert.deepEqual(
    Object.keys(status).filter((key) =>
      ['user', 'broker', 'workspace', 'daemon', 'tunnel', 'servers', 'clients', 'token'].includes(key),
    ).length,
    8,
    Object.keys(status).join(),
  );
  assert.equal(status['user'], 'grace');
});

test('names are within what AI clients take, and a record has the contract’s fields', async (t) => {
  const { client, world, since } = await setUp(t);
  for (const name of await client.toolNames()) assert.match(name, /^[a-zA-Z0-9_-]{1,50}$/);
  await client.call('counting__echo', { text: 'hello', extra: 1 });
  const record = await callRecord(world.broker, ({ status }) => status === 'ok', since);
  const { member, credential_kind, server, method, decision, arg_keys, request_bytes, response_bytes, latency_ms } =
    record;
  assert.deepEqual(
    { member, credential_kind, server, method, decision, arg_keys: [...arg_keys].sort() },
    {
      member: 'ada',
      credential_kind: 'device',
      server: 'counting',
      method: 'tools/call',
      decision: 'allow',
      arg_keys: ['extra', 'text'],
    },
  );
  assert.ok(request_bytes > 0 && response_bytes > 0 && latency_ms !== null);
  assert.ok(!JSON.stringify(record).includes('hello'), 'argument values are not kept');
});
