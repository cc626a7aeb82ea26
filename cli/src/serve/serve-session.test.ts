import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './serve-world.ts';

test('a request goes to the broker and its answer to the client', () => {
  const w = createServeWorld();
  w.back();
  w.say(initialize);
  w.answer(1, { protocolVersion: '2025-06-18' });
  assert.equal(w.asked[0]?.['method'], 'initialize');
  assert.deepEqual(w.out, [{ jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-06-18' } }]);
  assert.equal(w.session.pending, 0);
});

test('a call under way when the link is cut returns its one true result, and is asked only once', () => {
  const w = createServeWorld();
  w.back();
  w.say(call(7));
  w.cut();
  w.answer(7, { content: [{ type: 'text', text: 'done' }] }); // finished while the laptop sleeps
  w.clock.advance(120_000);
  assert.equal(w.out.length, 0);
  w.back();
  assert.equal(textOf(w.out[0]), 'done');
  assert.equal(w.asked.length, 1);
  assert.equal(w.opens[1]?.id, w.opens[0]?.id);
});

test('a broker that was restarted knows nothing: the call under way has an unknown outcome, a list is asked again', () => {
  const w = createServeWorld();
  w.back();
  w.say(initialize);
  w.answer(1, { capabilities: { tools: { listChanged: true } } });
  w.say({ method: 'notifications/initialized' });
  w.say(call(2));
  w.say({ id: 3, method: 'tools/list' });
  w.cut();
  w.restart();
  w.asked.length = 0;
  w.back();
  assert.match(textOf(w.out[1]), /^\[mcpgate\] .*outcome is unknown/);
  assert.deepEqual(
    w.asked.map((message) => message['method']),
    ['initialize', 'notifications/initialized', 'tools/list'],
  );
  w.answer('mcpgate-initialize-again', {});
  w.answer(3, { tools: [] });
  const [, , listsChanged, list] = w.out;
  assert.equal(listsChanged?.['method'], 'notifications/tools/list_changed');
  assert.equal(list?.['id'], 3);
  assert.equal(w.out.length, 4, 'our own handshake is not the client’s');
});

test('a broker that took leave says how far it had got: a call behind that is sent to the next one, one before it has an unknown outcome', () => {
  const w = createServeWorld();
  w.back('run-1');
  w.say(call(2));
  w.say(call(3));
  w.refuse('gone', 1);
  assert.match(textOf(w.out[0]), /outcome is unknown/);
  assert.deepEqual([w.out.length, w.opens.length], [1, 1], 'nothing more is asked of that broker');
  w.cut();
  w.restart();
  w.asked.length = 0;
  w.back('run-2');
  assert.deepEqual(
    w.asked.map(({ id }) => id),
    [3],
  );
  w.answer(3, { content: [{ type: 'text', text: 'done' }] });
  assert.equal(textOf(w.out[1]), 'done');
  assert.notEqual(w.opens[1]?.id, w.opens[0]?.id);
});

test('a first open names the broker that it is meant for, a resume the one that the channel was opened at', () => {
  const w = createServeWorld();
  w.back('run-1');
  w.cut();
  w.restart();
  w.back('run-2');
  w.cut();
  w.back('run-3');
  assert.deepEqual(
    w.opens.map(({ broker, resume }) => [broker, resume]),
    [
      ['run-1', undefined],
      ['run-1', true],
      ['run-2', undefined],
      ['run-2', true],
      ['run-3', undefined],
    ],
  );
});

test('a broker that has no name is asked for a resume under none that could be another’s', () => {
  const w = createServeWorld();
  w.back();
  w.cut();
  w.back();
  assert.deepEqual(
    w.opens.map(({ broker, resume }) => [broker, resume]),
    [
      [undefined, undefined],
      ['unnamed', true],
    ],
  );
});

test('a call that never was sent is sent to the restarted broker', () => {
  const w = createServeWorld();
  w.back();
  w.cut();
  w.say(call(4));
  w.restart();
  w.back();
  assert.equal(w.asked[0]?.['id'], 4);
  w.answer(4, { content: [] });
  assert.equal(w.out.find((message) => message['id'] === 4)?.['error'], undefined);
});

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

test('a call under way when access is revoked is answered at once with the reason', () => {
  const w = createServeWorld();
  w.back();
  w.say(call(5));
  w.session.linkState('revoked', 'your access was revoked');
  assert.equal(textOf(w.out[0]), '[mcpgate] your access was revoked');
  assert.equal(w.session.pending, 0);
});

test('a call whose link does not come back within the resume window has an unknown outcome, and is not forgotten', () => {
  const w = createServeWorld();
  w.back();
  w.say(call(6));
  w.cut();
  w.clock.advance(299_000);
  assert.equal(w.out.length, 0);
  w.clock.advance(2_000);
  assert.match(textOf(w.out[0]), /outcome is unknown/);
  w.restart();
  w.back();
  assert.notEqual(w.opens.at(-1)?.id, w.opens[0]?.id, 'the next link carries a new channel');
});

test('a client that sends more than the link carries is told to wait, and nothing of it is given up', () => {
  const w = createServeWorld();
  w.back();
  w.say(initialize);
  w.answer(1, {});
  w.clock.advance(100); // the broker hears that its answer was consumed
  w.choke();
  const text = 'x'.repeat(6_000_000);
  for (const id of [2, 3, 4, 5]) w.say({ ...call(id), params: { name: 'a__b', arguments: { text } } });
  assert.equal(w.session.isFull, true);
  w.cut();
  assert.equal(
    w.session.isFull,
    false,
    'without a link nothing goes to the channel, and the end of the client must be seen',
  );
  w.back();
  assert.equal(w.opens.at(-1)?.id, w.opens[0]?.id);
  w.say(call(9));
  assert.deepEqual(
    w.asked.slice(-5).map(({ id }) => id),
    [2, 3, 4, 5, 9],
  );
});

test('a resume that the broker refuses as impossible is not tried again and again', () => {
  const w = createServeWorld();
  w.back();
  w.cut();
  w.choke();
  w.session.linkState('open', null); // the resume is on its way
  w.refuse('protocol');
  w.cut();
  w.back();
  assert.notEqual(w.opens.at(-1)?.id, w.opens[0]?.id);
});

test('what waits for a link that is away is bounded: past that a call is told at once, and the others still go out', () => {
  const w = createServeWorld();
  w.back();
  w.cut();
  const arguments_ = { text: 'x'.repeat(1024 * 1024) };
  for (let id = 1; id <= 20; id++) w.say({ ...call(id), params: { name: 'a__b', arguments: arguments_ } });
  assert.ok(w.out.length > 0 && w.out.length < 8, `${w.out.length} answers`);
  assert.match(textOf(w.out[0]), /^\[mcpgate\] more than .* waits for the broker already/);
  const refused = w.out.length;
  w.back();
  assert.equal(w.asked.length, 20 - refused);
});

test('a call that is cancelled before it was sent is never sent', () => {
  const w = createServeWorld();
  w.back();
  w.cut();
  w.say(call(8));
  w.say({ method: 'notifications/cancelled', params: { requestId: 8 } });
  w.back();
  assert.deepEqual(w.asked, []);
  assert.equal(w.session.pending, 0);
});

test('a line that is not JSON still goes to the broker, which answers as the protocol says', () => {
  const w = createServeWorld();
  w.back();
  w.session.fromClient(Buffer.from('"just a string"'));
  assert.equal(w.asked.length, 1);
});

test('a line over the broker’s limit is answered with an error at once, and the session lives on', () => {
  const { session, limits, say, out, asked, back } = createServeWorld();
  limits.maxMessageBytes = 100_000;
  back();
  say({ id: 1, method: 'ping' });
  say({ id: 2, method: 'tools/call', params: { name: 'x', arguments: { text: 'y'.repeat(100_000) } } });
  session.fromClientCut(
    Buffer.from('{"method":"tools/call","params":{"te'),
    Buffer.from('xt":"yyy"},"jsonrpc":"2.0","id":3}'),
  );
  say({ id: 4, method: 'ping' });
  assert.deepEqual(
    asked.map(({ id }) => id),
    [1, 4],
  );
  assert.deepEqual(
    out.map(({ id, error }) => [id, (error as { code: number }).code]),
    [
      [2, -32600],
      [3, -32600],
    ],
  );
  assert.equal(session.pending, 2);
});

test('what was sent waits for as long as the broker said that it keeps the channel', () => {
  const { session, limits, clock, say, out, back, cut } = createServeWorld();
  limits.resumeMs = 900_000;
  back();
  say({ id: 1, method: 'tools/call', params: { name: 'x' } });
  cut();
  clock.advance(899_000);
  assert.deepEqual([out.length, session.pending], [0, 1]);
  clock.advance(2_000);
  assert.match(JSON.stringify(out), /outcome is unknown/);
});

test('of a batch each message is one of its own, in the version that has batches', () => {
  const w = createServeWorld();
  w.back();
  const batch = [call(2), { method: 'notifications/initialized' }, { id: 3, method: 'tools/list' }, [call(4)]];
  const said = batch.map((each) => (Array.isArray(each) ? each : { jsonrpc: '2.0', ...each }));
  w.session.fromClient(Buffer.from(JSON.stringify(said)));
  assert.deepEqual(w.asked.splice(0), [said], 'it is for the broker to refuse it');
  w.say({ ...initialize, params: { protocolVersion: '2025-03-26' } });
  w.answer(1, {});
  w.asked.length = 0;
  w.session.fromClient(Buffer.from(JSON.stringify(said)));
  assert.deepEqual(w.asked, said);
  w.answer(3, { tools: [] });
  w.cut();
  w.restart();
  w.back();
  assert.match(textOf(w.out.find(({ id }) => id === 2)), /outcome is unknown/);
});
