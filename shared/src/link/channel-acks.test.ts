// What one end of a channel says to the other besides messages: what it has consumed, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChannel, type Channel } from './channel.ts';
import { steppedClock } from '../fixtures/stepped-clock.ts';
import { FLAG_FINAL, FRAGMENT_BYTES, FrameKind, HEADER_BYTES, readFrame } from './frame.ts';

const WINDOW = 4_000;

function open(windowBytes = WINDOW) {
  const clock = steppedClock();
  const seen = { ready: 0, messages: [] as string[], broken: [] as string[], fatal: [] as string[] };
  const channel = createChannel({
    ...{ clock, windowBytes, backlogBytes: 1_000, maxMessageBytes: 100_000 },
    onMessage: (message) => seen.messages.push(message.toString()),
    onOversize: () => undefined,
    onReady: () => void (seen.ready += 1),
    onBroken: (reason) => seen.broken.push(reason),
    onFatal: (code, reason) => seen.fatal.push(`${code}: ${reason}`),
  });
  const receive = (seq: number, text: string, ack = 0, number = 1) =>
    channel.receive({ kind: FrameKind.data, flags: FLAG_FINAL, channel: number, seq, ack }, Buffer.from(text));
  const acknowledge = (ack: number) =>
    channel.receive({ kind: FrameKind.ack, flags: 0, channel: 1, seq: 0, ack }, Buffer.alloc(0));
  return { clock, seen, channel, receive, acknowledge };
}

/** The frames that it has to give, as `KIND SEQ ACK`. */
function given(channel: Channel): string[] {
  const frames: string[] = [];
  for (let frame = channel.next(); frame !== undefined; frame = channel.next()) {
    const header = readFrame(frame);
    assert.ok(typeof header === 'object', String(header));
    assert.equal(header.channel, 1);
    frames.push(`${header.kind === FrameKind.data ? 'data' : 'ack'} ${header.seq} ${header.ack}`);
  }
  return frames;
}

test('an acknowledgement waits 25 ms for a data frame, and is sent once', () => {
  const { clock, channel, receive, seen } = open();
  channel.attach(1, 0, WINDOW);
  receive(0, 'one');
  clock.advance(24);
  receive(1, 'two');
  assert.deepEqual([given(channel), seen.ready], [[], 0]);
  clock.advance(1);
  assert.equal(seen.ready, 1);
  assert.deepEqual(given(channel), ['ack 0 2']);
  clock.advance(1_000);
  assert.deepEqual([given(channel), seen.ready], [[], 1]);
});

test('an acknowledgement is carried by a data frame that is sent before, and then not sent by itself', () => {
  const { clock, channel, receive } = open();
  channel.attach(1, 0, WINDOW);
  receive(0, 'one');
  channel.send(Buffer.from('mine'));
  assert.deepEqual(given(channel), ['data 0 1']);
  clock.advance(1_000);
  assert.deepEqual(given(channel), []);
});

test('a quarter of the window is acknowledged at once, headers included', () => {
  const { channel, receive, seen } = open();
  channel.attach(1, 0, WINDOW);
  receive(0, 'x'.repeat(500));
  receive(1, 'x'.repeat(WINDOW / 4 - 500 - 2 * HEADER_BYTES - 1));
  assert.deepEqual([given(channel), seen.ready], [[], 0]);
  receive(2, '');
  receive(3, '');
  assert.equal(seen.ready, 1, 'it is told once');
  assert.deepEqual(given(channel), ['ack 0 4']);
  receive(4, '');
  assert.deepEqual(given(channel), [], 'the count begins anew');
  receive(5, 'x'.repeat(WINDOW / 4 - 2 * HEADER_BYTES));
  assert.deepEqual(given(channel), ['ack 0 6'], 'just a quarter');
});

test('a fragment that comes again is acknowledged at once, because the other end does not know that it arrived', () => {
  const { channel, receive, seen } = open();
  channel.attach(1, 0, WINDOW);
  receive(0, 'one');
  receive(0, 'one');
  assert.deepEqual([given(channel), seen.messages], [['ack 0 1'], ['one']]);
});

test('no acknowledgement is sent for a link that is gone', () => {
  const { clock, channel, receive, seen } = open();
  channel.attach(1, 0, WINDOW);
  receive(0, 'one');
  channel.detach();
  clock.advance(1_000);
  assert.deepEqual([given(channel), seen.ready, channel.attached], [[], 0, false]);
  receive(1, 'two');
  assert.deepEqual(seen.messages, ['one'], 'what comes without a link is not looked at');
  channel.attach(1, 0, WINDOW);
  assert.deepEqual(given(channel), [], 'the next link has said what was consumed when it was opened');
  assert.equal(channel.nextReceive, 1);
});

test('consumed fragments are dropped, an older acknowledgement changes nothing, and one of more than was sent is refused', () => {
  const { channel, acknowledge, seen } = open();
  channel.attach(1, 0, WINDOW);
  assert.deepEqual(
    ['a', 'b', 'c'].map((text) => channel.send(Buffer.from(text))),
    [1, 2, 3],
  );
  assert.deepEqual(given(channel), ['data 0 0', 'data 1 0', 'data 2 0']);
  assert.equal(channel.backlogBytes, 3 * (HEADER_BYTES + 1));
  acknowledge(2);
  assert.equal(channel.backlogBytes, HEADER_BYTES + 1);
  acknowledge(1);
  assert.equal(channel.backlogBytes, HEADER_BYTES + 1);
  assert.deepEqual(
    [1, 2, 3, 4].map((next) => channel.couldAttach(next)),
    [false, true, true, false],
  );
  acknowledge(4);
  assert.deepEqual(seen.broken, ['the peer acknowledged 4, but only 3 were ever sent']);
  assert.equal(channel.attached, false);
  for (const next of [1, 4]) assert.equal(channel.attach(1, next, WINDOW), false, `${next}`);
  assert.equal(channel.attach(1, 2, WINDOW), true);
  assert.deepEqual(given(channel), ['data 2 0']);
});

test('the window holds back what follows, and each acknowledgement lets more go', () => {
  const { channel, acknowledge, seen } = open();
  channel.attach(1, 0, 100);
  for (let count = 0; count < 4; count++) channel.send(Buffer.alloc(60));
  assert.deepEqual(given(channel), ['data 0 0', 'data 1 0']);
  const { ready } = seen;
  acknowledge(1);
  assert.equal(seen.ready, ready + 1, 'it is told that there is something to give');
  assert.deepEqual(given(channel), ['data 2 0']);
  acknowledge(3);
  assert.deepEqual(given(channel), ['data 3 0']);
  acknowledge(4);
  assert.equal(seen.ready, ready + 2, 'and not where there is nothing');
  channel.send(Buffer.alloc(10_000));
  assert.deepEqual(given(channel), ['data 4 0'], 'one that is larger than the window goes alone');
});

test('each link has its own count of the window, of what is under way on it', () => {
  const { channel } = open();
  channel.attach(1, 0, 100);
  for (let count = 0; count < 8; count++) channel.send(Buffer.alloc(60));
  assert.deepEqual(given(channel), ['data 0 0', 'data 1 0']);
  channel.detach();
  assert.deepEqual(given(channel), []);
  channel.attach(1, 2, 100);
  assert.deepEqual(given(channel), ['data 2 0', 'data 3 0'], 'what was consumed meanwhile is not under way here');
  channel.attach(1, 2, 60 + HEADER_BYTES);
  assert.deepEqual(given(channel), ['data 2 0'], 'one fills it');
  channel.attach(1, 2, 0);
  assert.deepEqual(given(channel), ['data 2 0'], 'and one goes where there is no room at all');
});

test('a link is told that there are frames when it is attached, and when a message is queued', () => {
  const { channel, seen } = open();
  channel.send(Buffer.from('before'));
  assert.deepEqual([given(channel), seen.ready], [[], 0], 'nobody is there to be told');
  channel.attach(1, 0, WINDOW);
  assert.equal(seen.ready, 1);
  channel.send(Buffer.from('after'));
  assert.equal(seen.ready, 2);
  assert.deepEqual(given(channel), ['data 0 0', 'data 1 0']);
  channel.detach();
  channel.attach(1, 2, WINDOW);
  assert.equal(seen.ready, 2, 'all of it was consumed');
});

test('the longest message passes, and while the other end is away the backlog and one more message are kept', () => {
  const { channel, seen } = open();
  assert.throws(() => channel.send(Buffer.alloc(100_001)), RangeError);
  assert.throws(() => channel.send([Buffer.alloc(100_000), Buffer.alloc(1)]), /of 100001 bytes is longer than 100000/);
  assert.equal(channel.send(Buffer.alloc(1_000 - HEADER_BYTES)), 1);
  assert.equal(channel.backlogBytes, 1_000);
  assert.equal(channel.send(Buffer.alloc(100_000)), 3, 'in two fragments');
  assert.deepEqual(seen.fatal, []);
  assert.equal(channel.send(Buffer.from('x')), Number.POSITIVE_INFINITY);
  assert.deepEqual(seen.fatal, ['overflow: more than 1000 bytes wait for the other end']);
  channel.limit({ backlogBytes: 1 << 20, maxMessageBytes: 10 });
  assert.equal(channel.send(Buffer.from('x')), 4);
  assert.throws(() => channel.send(Buffer.alloc(11)), RangeError);
});

test('sequence numbers are used to the last, and then the channel ends instead of starting over', () => {
  const seen: string[] = [];
  const nobody = () => undefined;
  const channel = createChannel({
    ...{ clock: steppedClock(), windowBytes: WINDOW, backlogBytes: 1_000, maxMessageBytes: 1_000 },
    left: { nextReceive: 5, kept: { first: 0xffff_fffd, fragments: [] } },
    ...{ onMessage: nobody, onOversize: nobody, onReady: nobody, onBroken: nobody },
    onFatal: (code, reason) => seen.push(`${code}: ${reason}`),
  });
  assert.equal(channel.nextReceive, 5);
  channel.send(Buffer.from('the last but one'));
  assert.deepEqual(seen, []);
  channel.send(Buffer.from('one more'));
  assert.deepEqual(seen, ['overflow: the channel has used up its sequence numbers']);
});

test('nothing is kept of thousands of consumed fragments, and numbers go on', () => {
  const { channel, acknowledge } = open(1 << 20);
  channel.attach(1, 0, 1 << 20);
  for (let count = 0; count < 3_000; count++) channel.send(Buffer.from(`${count}`));
  assert.equal(given(channel).length, 3_000);
  for (const consumed of [1_000, 1_024, 1_025, 1_600, 2_700, 2_999]) {
    acknowledge(consumed);
    const { first, fragments } = channel.kept();
    assert.equal(first, consumed);
    assert.deepEqual(
      [Buffer.from(fragments[0]?.payload ?? []).toString(), fragments.length],
      [`${consumed}`, 3_000 - consumed],
    );
  }
  acknowledge(3_000);
  assert.deepEqual([channel.kept().fragments, channel.backlogBytes], [[], 0]);
  assert.equal(channel.send(Buffer.from('next')), 3_001);
  assert.deepEqual(given(channel), ['data 3000 0']);
});

test('a message of several parts that fills its fragments to the brim is cut there and nowhere else', () => {
  const { channel } = open(1 << 20);
  channel.attach(1, 0, 1 << 20);
  assert.equal(channel.send(Buffer.alloc(FRAGMENT_BYTES)), 1);
  assert.equal(channel.send([Buffer.alloc(10), Buffer.alloc(FRAGMENT_BYTES - 10), Buffer.alloc(20)]), 3);
  const flags = Array.from({ length: 3 }, () => {
    const header = readFrame(channel.next() ?? assert.fail());
    return typeof header === 'object' && header.flags;
  });
  assert.deepEqual(flags, [FLAG_FINAL, 0, FLAG_FINAL]);
});
