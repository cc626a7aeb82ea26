import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/channel';
import type { Clock } from 'mcpgate-shared/clock';
import { FrameKind, HEADER_BYTES, readFrame, writeFrame } from 'mcpgate-shared/frame';
import { readOpen, toPayload, type OpenMessage } from 'mcpgate-shared/link-message';
import { PREFIX_BYTES } from '../local/frame-stream.ts';
import { createServeSession } from './serve-session.ts';

/** Time that moves only when it is told to. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.run();
      }
    },
  };
}

/** A session, and a broker's end that can be restarted; answers to requests are written by hand. */
function world() {
  const clock = handClock();
  const out: Record<string, unknown>[] = [];
  const asked: Record<string, unknown>[] = [];
  const opens: OpenMessage[] = [];
  let kept: string | undefined;
  let count = 0;
  let brokerEnd: Channel | undefined;
  let up = true;
  let opening = false;

  const makeBrokerEnd = () =>
    createChannel({
      ...CHANNEL_DEFAULTS,
      clock,
      onMessage: (message) => asked.push(JSON.parse(message.toString()) as Record<string, unknown>),
      onReady: pump,
      onBroken: (reason) => assert.fail(reason),
      onFatal: (code) => assert.fail(code),
    });
  function pump(): void {
    for (let frame = opening ? undefined : brokerEnd?.next(); frame && up; frame = brokerEnd?.next()) {
      const header = readFrame(frame);
      assert.ok(typeof header === 'object');
      session.fromLink(header, frame.subarray(HEADER_BYTES));
    }
  }
  function toLink(bytes: Buffer): boolean {
    if (!up) return true;
    const frame = Buffer.from(bytes.subarray(PREFIX_BYTES));
    const header = readFrame(frame);
    assert.ok(typeof header === 'object');
    const payload = frame.subarray(HEADER_BYTES);
    if (header.kind !== FrameKind.open) {
      brokerEnd?.receive(header, payload);
      return true;
    }
    const open = readOpen(payload);
    assert.ok(open);
    const resumed = brokerEnd !== undefined && opens.at(-1)?.id === open.id;
    if (!resumed) brokerEnd = undefined;
    opens.push(open);
    opening = true; // `opened` goes before everything else
    brokerEnd ??= makeBrokerEnd();
    assert.ok(brokerEnd.attach(1, resumed ? open.next : 0, open.windowBytes));
    const opened = { next: brokerEnd.nextReceive, windowBytes: 1 << 20, resumed, maxMessageBytes: 1 << 26 };
    const bytesOf = writeFrame({ kind: FrameKind.opened, flags: 0, channel: 1, seq: 0, ack: 0 }, toPayload(opened));
    const answer = readFrame(bytesOf);
    assert.ok(typeof answer === 'object');
    session.fromLink(answer, bytesOf.subarray(HEADER_BYTES));
    opening = false;
    pump();
    return true;
  }
  const session = createServeSession({
    clock,
    randomHex: (bytes) => String(++count).padStart(bytes * 2, '0'),
    randomSecret: () => 's'.repeat(43),
    toLink,
    toClient(message) {
      out.push(JSON.parse(message.toString()) as Record<string, unknown>);
      return true;
    },
    lists: {
      read: () => kept,
      keep: (text) => {
        kept = text;
      },
    },
  });
  return {
    session,
    clock,
    out,
    asked,
    opens,
    kept: () => kept,
    say: (message: object) => session.fromClient(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))),
    answer: (id: unknown, result: object) =>
      brokerEnd?.send(Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`)),
    cut() {
      up = false;
      brokerEnd?.detach();
      session.linkState('waiting', 'the link was lost');
    },
    back() {
      up = true;
      session.linkState('open', null);
    },
    /** The link swallows everything, and nobody has noticed yet. */
    choke() {
      up = false;
    },
    /** The broker's end refuses to go on with the channel. */
    refuse(code: 'protocol' | 'refused') {
      const frame = writeFrame(
        { kind: FrameKind.close, flags: 0, channel: 1, seq: 0, ack: 0 },
        toPayload({ code, message: '' }),
      );
      const close = readFrame(frame);
      assert.ok(typeof close === 'object');
      session.fromLink(close, frame.subarray(HEADER_BYTES));
    },
    /** The broker's process is a new one. */
    restart() {
      brokerEnd = undefined;
    },
  };
}

const initialize = { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {} } };
const call = (id: number) => ({ id, method: 'tools/call', params: { name: 'github__search', arguments: {} } });
const textOf = (message: Record<string, unknown> | undefined) =>
  (message?.['result'] as { content: { text: string }[] } | undefined)?.content[0]?.text ?? '';

test('a request goes to the broker and its answer to the client', () => {
  const w = world();
  w.back();
  w.say(initialize);
  w.answer(1, { protocolVersion: '2025-06-18' });
  assert.equal(w.asked[0]?.['method'], 'initialize');
  assert.deepEqual(w.out, [{ jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-06-18' } }]);
  assert.equal(w.session.pending, 0);
});

test('a call under way when the link is cut returns its one true result, and is asked only once', () => {
  const w = world();
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
  const w = world();
  w.back();
  w.say(initialize);
  w.answer(1, {});
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

test('a call that never was sent is sent to the restarted broker', () => {
  const w = world();
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
  const w = world();
  w.back();
  w.say({ id: 1, method: 'tools/list' });
  w.answer(1, { tools: [{ name: 'a__b' }] });
  assert.equal(w.kept(), '{"tools":[{"name":"a__b"}]}');
  w.cut();
  w.say({ ...initialize, id: 2 });
  w.say({ id: 3, method: 'tools/list' });
  w.say(call(4));
  w.clock.advance(300);
  assert.deepEqual(
    w.out.slice(1).map((message) => message['id']),
    [2, 3],
  );
  assert.deepEqual(w.out[2]?.['result'], { tools: [{ name: 'a__b' }] });
  w.clock.advance(30_000);
  assert.equal(textOf(w.out[3]), '[mcpgate] the link was lost');
  w.back();
  assert.equal(w.out.at(-1)?.['method'], 'notifications/tools/list_changed');
});

test('without a login a call is answered at once with what to do, and works once somebody has logged in', () => {
  const w = world();
  w.session.linkState('login_needed', 'not logged in: run `mcpgate login https://gate.example`');
  w.say(initialize);
  w.say(call(2));
  assert.equal(textOf(w.out[1]), '[mcpgate] not logged in: run `mcpgate login https://gate.example`');
  w.back();
  w.say(call(3));
  assert.deepEqual(
    w.asked.map((message) => message['method']),
    ['initialize', 'tools/call'],
  );
});

test('a call under way when access is revoked is answered at once with the reason', () => {
  const w = world();
  w.back();
  w.say(call(5));
  w.session.linkState('revoked', 'your access was revoked');
  assert.equal(textOf(w.out[0]), '[mcpgate] your access was revoked');
  assert.equal(w.session.pending, 0);
});

test('a call whose link does not come back within the resume window has an unknown outcome, and is not forgotten', () => {
  const w = world();
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

test('a channel that has overflowed is given up for a new one, not resumed from the start', () => {
  const w = world();
  w.back();
  w.say(initialize);
  w.answer(1, {});
  w.clock.advance(100); // the broker hears that its answer was consumed
  w.choke();
  const text = 'x'.repeat(6_000_000);
  for (const id of [2, 3, 4, 5]) w.say({ ...call(id), params: { name: 'a__b', arguments: { text } } });
  w.cut();
  w.back();
  assert.notEqual(w.opens.at(-1)?.id, w.opens[0]?.id);
  w.say(call(9));
  assert.equal(w.asked.at(-1)?.['id'], 9);
});

test('a resume that the broker refuses as impossible is not tried again and again', () => {
  const w = world();
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
  const w = world();
  w.back();
  w.cut();
  w.say(call(8));
  w.say({ method: 'notifications/cancelled', params: { requestId: 8 } });
  w.back();
  assert.deepEqual(w.asked, []);
  assert.equal(w.session.pending, 0);
});

test('a line that is not JSON still goes to the broker, which answers as the protocol says', () => {
  const w = world();
  w.back();
  w.session.fromClient(Buffer.from('"just a string"'));
  assert.equal(w.asked.length, 1);
});
