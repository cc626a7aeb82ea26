// What a client may send to a session, and how long it waits there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './fixtures/serve-world.ts';

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

test('a flood of small messages without a link is bounded in number too, and the rest goes out when the link is there', () => {
  const w = createServeWorld();
  for (let id = 1; id <= 5_000; id++) w.say(call(id));
  assert.equal(w.out.length, 3_000);
  assert.match(textOf(w.out[0]), /or 2000 messages, waits for the broker already/);
  w.back();
  assert.equal(w.asked.length, 2_000);
});

test('a line that is no message is answered with a null id at every point of the session, which goes on', () => {
  const w = createServeWorld();
  const garble = (at: string) => {
    const before = [w.out.length, w.asked.length] as const;
    for (const [line, code] of [
      ['DEBUG starting up', -32700],
      ['{"jsonrpc":"2.0","id":1,', -32700],
      ['\u0000\u0001', -32700],
      ['{"id":1}{"id":2}', -32700],
      ['"just a string"', -32600],
      ['null', -32600],
      ['42', -32600],
    ] as const) {
      w.session.fromClient(Buffer.from(line));
      const { id, error } = w.out.at(-1) ?? {};
      assert.deepEqual([id, Reflect.get(Object(error), 'code')], [null, code], `${line} ${at}`);
      assert.ok(!JSON.stringify(error).includes('starting up'));
    }
    assert.deepEqual([w.out.length, w.asked.length], [before[0] + 7, before[1]], at);
  };
  garble('before the first link');
  w.back();
  garble('before the handshake');
  w.say(initialize);
  garble('while it is under way');
  w.answer(1, { protocolVersion: '2025-06-18', capabilities: {} });
  w.say({ method: 'notifications/initialized' });
  garble('behind it');
  w.say(call(2));
  w.cut();
  garble('while the link is away');
  w.answer(2, { content: [{ type: 'text', text: 'done' }] });
  w.back();
  assert.equal(textOf(w.out.at(-1)), 'done');
  w.session.linkState('revoked', 'the login was ended');
  garble('behind its end');
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
