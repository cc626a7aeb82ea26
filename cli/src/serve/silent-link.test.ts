// An AI client that starts on a link which is half-open: the daemon takes it for open, and nobody answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './fixtures/serve-world.ts';

const tools = [{ name: 'github__search' }];
const handshake = { protocolVersion: '2025-06-18', capabilities: { tools: { listChanged: true } } };

/** A client of the same login was here before. */
function known() {
  const w = createServeWorld();
  w.back();
  w.say(initialize);
  w.answer(1, handshake);
  w.say({ id: 2, method: 'tools/list' });
  w.answer(2, { tools });
  return w;
}

test('nothing is sent before the broker has said that it has the channel', () => {
  const w = createServeWorld();
  w.swallow();
  w.say(initialize);
  w.say(call(2));
  assert.deepEqual([w.opens.length, w.asked.length, w.out.length], [0, 0, 0]);
  w.cut();
  w.back();
  assert.deepEqual(
    w.asked.map(({ id }) => id),
    [1, 2],
  );
});

test('the handshake and the last known list are answered after a second, a call waits for the link and is carried out once', () => {
  const w = known().anotherClient();
  w.swallow();
  w.say(initialize);
  w.say({ method: 'notifications/initialized' });
  w.say({ id: 2, method: 'tools/list' });
  w.say(call(3));
  w.clock.advance(900);
  assert.equal(w.out.length, 0, 'a broker that is slow is not away');
  w.clock.advance(100);
  assert.deepEqual(
    w.out.map(({ id, result }) => [id, result]),
    [
      [1, handshake],
      [2, { tools }],
    ],
  );
  w.say({ id: 4, method: 'tools/list' });
  w.clock.advance(1);
  assert.equal(w.out.at(-1)?.['id'], 4, 'and from then on at once');
  w.clock.advance(18_000);
  w.cut();
  w.back();
  const calls = w.asked.filter(({ method }) => method === 'tools/call');
  assert.equal(calls.length, 1);
  w.answer(3, { content: [{ type: 'text', text: 'found' }] });
  assert.equal(textOf(w.out.find(({ id }) => id === 3)), 'found');
  assert.ok(w.out.some(({ method }) => method === 'notifications/tools/list_changed'));
});

test('a list of which nothing is known waits for the broker, or for the link to be given up', () => {
  const w = createServeWorld();
  w.swallow();
  w.say(initialize);
  w.say({ id: 2, method: 'tools/list' });
  w.clock.advance(15_000);
  assert.equal(w.out.length, 0, 'an empty list would be taken at its word');
  w.cut();
  w.clock.advance(300);
  assert.deepEqual(
    w.out.map(({ id }) => id),
    [1, 2],
  );
});
