// What a session answers by itself while there is no broker or no login.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './fixtures/serve-world.ts';

test('with the broker away the handshake and the last known list are answered within 300 ms, and a call says what to do', () => {
  const w = createServeWorld();
  w.back();
  w.say({ ...initialize, id: 0 });
  w.answer(0, { protocolVersion: '2025-06-18', capabilities: { tools: { listChanged: true } }, instructions: 'hello' });
  w.say({ id: 1, method: 'tools/list' });
  w.answer(1, { tools: [{ name: 'a__b' }] });
  w.cut();
  w.say({ ...initialize, id: 2 });
  w.say({ id: 3, method: 'tools/list' });
  w.say(call(4));
  w.clock.advance(300);
  assert.deepEqual(
    w.out.slice(2).map((message) => message['id']),
    [2, 3],
  );
  assert.deepEqual(w.out[2]?.['result'], w.out[0]?.['result'], 'with instructions and capabilities');
  assert.deepEqual(w.out[3]?.['result'], { tools: [{ name: 'a__b' }] });
  w.clock.advance(30_000);
  assert.equal(textOf(w.out[4]), '[mcpgate] the link was lost');
  w.back();
  assert.equal(w.out.at(-1)?.['method'], 'notifications/tools/list_changed');
});

test('prompts, resources and templates are answered from their copies too, and announced where the broker said that they change', () => {
  const w = createServeWorld();
  w.back();
  w.say(initialize);
  const capabilities = {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true },
  };
  w.answer(1, { capabilities });
  const lists = {
    'prompts/list': { prompts: [{ name: 'p' }] },
    'resources/list': { resources: [{ uri: 'a:b' }] },
    'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'a:{b}' }] },
  };
  for (const [method, result] of Object.entries(lists)) {
    w.say({ id: method, method });
    w.answer(method, result);
  }
  w.cut();
  w.out.length = 0;
  for (const method of Object.keys(lists)) w.say({ id: method, method });
  w.clock.advance(300);
  assert.deepEqual(Object.fromEntries(w.out.map(({ id, result }) => [id, result])), lists);
  w.out.length = 0;
  w.back();
  assert.deepEqual(
    w.out.map(({ method }) => method),
    ['tools', 'prompts', 'resources'].map((name) => `notifications/${name}/list_changed`),
  );
});

test('a list of several pages is kept once its last page has come, and answered as one', () => {
  const w = createServeWorld();
  w.back();
  w.say({ id: 1, method: 'tools/list' });
  w.answer(1, { tools: [{ name: 'old' }] });
  w.say({ id: 2, method: 'tools/list' });
  w.answer(2, { tools: [{ name: 'a' }], nextCursor: 'x' });
  w.cut();
  w.say({ id: 3, method: 'tools/list' });
  w.clock.advance(300);
  assert.deepEqual(w.out.at(-1)?.['result'], { tools: [{ name: 'old' }] }, 'half a list is none');
  w.back();
  w.say({ id: 4, method: 'tools/list' });
  w.answer(4, { tools: [{ name: 'a' }], nextCursor: 'x' });
  w.say({ id: 5, method: 'tools/list', params: { cursor: 'x' } });
  w.answer(5, { tools: [{ name: 'b' }] });
  w.cut();
  w.say({ id: 6, method: 'tools/list' });
  w.clock.advance(300);
  assert.deepEqual(w.out.at(-1)?.['result'], { tools: [{ name: 'a' }, { name: 'b' }] });
});

test('a list that is known is answered within 300 ms while nobody knows yet whether the broker is away', () => {
  const w = createServeWorld();
  w.back();
  w.say({ id: 1, method: 'tools/list' });
  w.answer(1, { tools: [{ name: 'a' }] });
  w.session.linkLost();
  w.say({ id: 2, method: 'tools/list' });
  w.clock.advance(300);
  assert.deepEqual(w.out.at(-1)?.['result'], { tools: [{ name: 'a' }] });
});

test('copies of another login, of none and of another protocol version are not shown', () => {
  const w = createServeWorld();
  const listed = (id: number) => {
    w.say({ id, method: 'tools/list' });
    w.clock.advance(2_001);
    return w.out.at(-1)?.['result'];
  };
  w.back();
  w.say({ id: 1, method: 'tools/list' });
  w.answer(1, { tools: [{ name: 'a' }] });
  w.say({ id: 2, method: 'tools/list' });
  w.logIn('grace');
  w.answer(2, { tools: [{ name: 'of ada, after grace has logged in' }] });
  w.cut();
  assert.deepEqual(listed(3), { tools: [] });
  w.logIn(undefined);
  assert.deepEqual(listed(4), { tools: [] });
  w.logIn('ada');
  assert.deepEqual(listed(5), { tools: [{ name: 'a' }] });
  w.say({ ...initialize, params: { protocolVersion: '2024-11-05' } });
  assert.deepEqual(listed(6), { tools: [] });
});

test('without a login a call is answered at once with what to do, and works once somebody has logged in', () => {
  const w = createServeWorld();
  w.session.linkState('login_needed', 'not logged in: run `mcpgate login https://gate.example`');
  w.say(initialize);
  w.say(call(2));
  w.session.loginState(undefined, 'not logged in: run `mcpgate login https://gate.example`');
  assert.equal(textOf(w.out[1]), '[mcpgate] not logged in: run `mcpgate login https://gate.example`');
  w.back();
  w.say(call(3));
  assert.deepEqual(
    w.asked.map((message) => message['method']),
    ['initialize', 'tools/call'],
  );
});

test('without a login a request that is no call ends with an error of mcpgate’s own, which no SDK takes for its own time-out', () => {
  const w = createServeWorld();
  const why = 'not logged in: run `mcpgate login https://gate.example`';
  w.session.linkState('login_needed', why);
  w.say({ id: 1, method: 'resources/read', params: { uri: 'github+file:///a' } });
  w.session.loginState(undefined, why);
  assert.deepEqual(w.out[0], { jsonrpc: '2.0', id: 1, error: { code: -32011, message: `[mcpgate] ${why}` } });
});
