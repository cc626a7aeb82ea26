import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './fixtures/serve-world.ts';

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
