// From the far side: what a condition, an exception or an end keeps away never reached the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldingServer } from '../upstreams/fixtures/pool.ts';
import { startWorld, type Message } from './fixtures/gateway-world.ts';

const textOf = ({ result }: Message): string => JSON.stringify(result);

test('a call whose arguments a condition does not allow reaches no server, and says which rule and why', async (t) => {
  const world = await startWorld({ svc: foldingServer() });
  t.after(() => world.end());
  const { id } = await world.store.policy.addRule('default', {
    ...{ effect: 'allow', who: ['user:ada'], what: ['svc__allowed'], createdBy: 'test' },
    when: 'args.amount <= 500 && client.address.startsWith("10.")',
  });
  let address = '10.1.2.3';
  const client = world.connect(undefined, undefined, undefined, undefined, () => address);
  assert.deepEqual(await client.toolNames(), ['svc__allowed'], 'it may be allowed, so it is listed');
  const sent = async () => (await world.receivedTexts('svc')).filter((text) => text.includes('tools/call')).length;

  const denied = textOf(await client.call('svc__allowed', { amount: 501 }));
  assert.match(denied, /\[mcpgate denied\] user:ada may not call svc__allowed: no rule allows it/);
  for (const args of [{}, { amount: 'x' }, { Amount: 1 }, { amount: 1, AMOUNT: 1_000 }]) {
    const text = textOf(await client.call('svc__allowed', args));
    assert.ok(text.includes(`rule ${id} cannot be evaluated on this call`), text);
    assert.match(text, new RegExp(`"mcpgate/decision":\\{"decision":"deny","rule":"${id}"`));
  }
  address = '192.0.2.1';
  assert.match(textOf(await client.call('svc__allowed', { amount: 1 })), /no rule allows it/);
  assert.equal(await sent(), 0, 'the server heard nothing of it');

  address = '10.9.9.9';
  assert.doesNotMatch(textOf(await client.call('svc__allowed', { amount: 500 })), /mcpgate denied/);
  assert.ok((await sent()) > 0);
  const calls = await world.calls();
  assert.deepEqual(
    calls.map(({ decision, status }) => `${decision} ${status}`),
    [...Array<string>(6).fill('deny denied'), 'allow ok'],
  );
});

test('numbers of more digits than JavaScript keeps are judged by all of them, however they are written', async (t) => {
  const world = await startWorld({ svc: foldingServer() });
  t.after(() => world.end());
  const add = (effect: 'allow' | 'deny', when?: string) =>
    world.store.policy.addRule('default', {
      ...{ effect, who: ['user:ada'], what: ['svc__allowed'], createdBy: 'test' },
      ...(when !== undefined && { when }),
    });
  await add('allow', 'args.to != 9007199254740992');
  await add('deny', 'args.to == 1234567890123456789');
  const client = world.connect();
  const answerTo = async (id: number, to: string) => {
    const params = `{"name":"svc__allowed","arguments":{"to":${to}}}`;
    client.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`);
    return textOf(await client.next((message) => message.id === id));
  };
  for (const [index, to] of ['1234567890123456789', '1.234567890123456789e18', '12345678901234567890e-1'].entries())
    assert.match(await answerTo(100 + index, to), /mcpgate denied/, to);
  const deep = `9007199254740993,"deep":${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  assert.match(await answerTo(200, deep), /cannot be evaluated on this call: the arguments are too long/);
  for (const [index, to] of ['1234567890123456788', '9007199254740993'].entries())
    assert.doesNotMatch(await answerTo(300 + index, to), /mcpgate denied/, to);
  const sent = (await world.receivedTexts('svc')).filter((text) => text.includes('"carried"'));
  assert.equal(sent.length, 2);
});

test('an argument whose name is written with an escape is judged, whatever names came before it', async (t) => {
  const world = await startWorld({ svc: foldingServer() });
  t.after(() => world.end());
  await world.rule('allow', 'user:ada', 'svc__allowed');
  await world.store.policy.addRule('default', {
    ...{ effect: 'deny', who: ['user:ada'], what: ['svc__allowed'], createdBy: 'test' },
    when: 'has(args.t) && args.t == "production"',
  });
  world.gateway.policyChanged('default');
  const client = world.connect();
  const answerTo = async (id: number, args: string) => {
    client.raw(
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"svc__allowed","arguments":${args}}}`,
    );
    return textOf(await client.next((message) => message.id === id));
  };
  // V8 13.6 then takes `"\u0074"` after `a` for a backslash.
  for (let id = 1; id <= 3; id++)
    assert.doesNotMatch(await answerTo(id, '{"a":0,"\\\\":"x"}'), /mcpgate denied/, 'nothing is said of a backslash');
  assert.match(await answerTo(100, '{"a":0,"\\u0074":"production"}'), /mcpgate denied/);
  const sent = (await world.receivedTexts('svc')).filter((text) => text.includes('production'));
  assert.deepEqual(sent, []);
});
