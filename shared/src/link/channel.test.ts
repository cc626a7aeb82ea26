import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChannel, type Channel, type ChannelOptions } from './channel.ts';
import { handClock } from '../fixtures/hand-clock.ts';
import { FLAG_FINAL, FRAGMENT_BYTES, FrameKind, HEADER_BYTES, readFrame } from './frame.ts';

/** Two ends and a carrier between them that can be pumped frame by frame, duplicated and cut. */
function pair(windowBytes = 4096, backlogBytes = 1 << 30) {
  const clock = handClock();
  const received: [string[], string[]] = [[], []];
  const trouble: string[] = [];
  const cut: string[] = [];
  const end = (side: 0 | 1, left?: ChannelOptions['left']): Channel =>
    createChannel({
      ...(left !== undefined && { left }),
      clock,
      windowBytes,
      backlogBytes,
      maxMessageBytes: 1 << 22,
      onMessage: (message) => received[side].push(message.toString('latin1')),
      onOversize: (head, tail) => cut.push(`${head.toString('latin1', 0, 3)}…${tail.toString('latin1').slice(-3)}`),
      onReady: () => undefined,
      onBroken: (reason) => trouble.push(reason),
      onFatal: (code, reason) => trouble.push(`${code}: ${reason}`),
    });
  const ends: [Channel, Channel] = [end(0), end(1)];
  const wire: [Buffer[], Buffer[]] = [[], []]; // wire[i]: on the way to end i
  const connect = () => {
    wire[0].length = wire[1].length = 0;
    const [a, b] = [ends[0].nextReceive, ends[1].nextReceive];
    assert.ok(ends[0].attach(1, b, windowBytes));
    assert.ok(ends[1].attach(1, a, windowBytes));
  };
  const arrive = (side: 0 | 1, frame: Buffer) => {
    const header = readFrame(frame);
    assert.ok(typeof header === 'object', String(header));
    ends[side].receive(header, frame.subarray(HEADER_BYTES));
  };
  /** Moves up to `count` frames each way. True: something moved. */
  const pump = (count: number): boolean => {
    let moved = false;
    for (const side of [0, 1] as const) {
      const other = side === 0 ? 1 : 0;
      for (let i = 0; i < count; i++) {
        const frame = ends[side].next();
        if (!frame) break;
        wire[other].push(frame);
      }
      for (const frame of wire[side].splice(0, count)) {
        arrive(side, frame);
        moved = true;
      }
    }
    return moved || wire[0].length + wire[1].length > 0;
  };
  const settle = () => {
    for (let still = 0; still < 3;) {
      if (pump(1000)) still = 0;
      else {
        still += 1;
        clock.runAll();
      }
    }
  };
  /** Another end goes on in the place of this one. */
  const leave = (side: 0 | 1) => {
    const former = ends[side];
    ends[side] = end(side, { nextReceive: former.nextReceive, kept: former.kept() });
  };
  return { ends, leave, received, trouble, cut, wire, connect, arrive, pump, settle, clock };
}

test('a paused reader stops its peer at the window and loses nothing', () => {
  const world = pair(100_000);
  world.connect();
  world.ends[1].pause();
  for (let i = 0; i < 100; i++) world.ends[0].send(Buffer.alloc(10_000, 65));
  world.settle();
  assert.ok(world.ends[1].heldBytes <= 110_000, `held ${world.ends[1].heldBytes}`);
  world.ends[1].resume();
  world.settle();
  assert.equal(world.received[1].length, 100);
});

test('a message larger than the window travels', () => {
  const world = pair(70_000);
  world.connect();
  world.ends[0].send(Buffer.alloc(3_000_000, 66));
  world.settle();
  assert.equal(world.received[1][0]?.length, 3_000_000);
});

test('the bytes of an incomplete message are counted until it is complete', () => {
  const world = pair(1 << 20);
  world.connect();
  world.ends[0].send(Buffer.alloc(150_000, 66));
  const frames = [world.ends[0].next(), world.ends[0].next(), world.ends[0].next()];
  const seen = frames.map((frame) => {
    assert.ok(frame);
    world.arrive(1, frame);
    return world.ends[1].partialBytes;
  });
  assert.deepEqual(seen, [FRAGMENT_BYTES, 2 * FRAGMENT_BYTES, 0]);
});

test('a message in parts arrives as one, whatever their sizes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(150_000), { maxLength: 8 }), (lengths) => {
      const world = pair(100_000);
      world.connect();
      const parts = lengths.map((length, index) => Buffer.alloc(length, 65 + index));
      world.ends[0].send(parts);
      world.ends[0].send(Buffer.from('next'));
      world.settle();
      assert.deepEqual(world.received[1], [Buffer.concat(parts).toString('latin1'), 'next']);
      assert.equal(world.ends[0].backlogBytes, 0);
    }),
    { numRuns: 100 },
  );
});

test('the backlog for an end that is away is bounded; an end that is there is waited for', () => {
  const world = pair(70_000, 1_000_000);
  world.connect();
  for (let i = 0; i < 30; i++) world.ends[0].send(Buffer.alloc(100_000, 67));
  assert.deepEqual(world.trouble, []);
  world.settle();
  assert.equal(world.received[1].length, 30);
  world.ends[0].detach();
  for (let i = 0; i < 12; i++) world.ends[0].send(Buffer.alloc(100_000, 68));
  assert.match(world.trouble.join(), /overflow: more than 1000000 bytes wait/);
});

test('an end that continues an earlier one sends exactly the fragments that are missing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 8 }), fc.nat(20), (lengths, frames) => {
      const world = pair(100_000);
      world.connect();
      world.ends[1].send(Buffer.from('asked'));
      const messages = lengths.map((length, index) => 'abcdefgh'.charAt(index).repeat(length));
      for (const message of messages)
        world.ends[0].send([Buffer.from(message.slice(0, 9)), Buffer.from(message.slice(9))]);
      for (let count = 0; count < frames; count++) world.pump(1);
      world.leave(0);
      world.connect();
      world.settle();
      assert.deepEqual(world.received[1], messages);
      assert.ok(world.received[0].length <= 1);
      assert.equal(world.ends[0].backlogBytes + world.ends[1].backlogBytes, 0);
    }),
    { numRuns: 200 },
  );
});

test('a missing fragment is noticed, and a new attachment brings everything', () => {
  const world = pair();
  world.connect();
  world.ends[0].send(Buffer.from('one'));
  world.ends[0].send(Buffer.from('two'));
  world.ends[0].next();
  const second = world.ends[0].next();
  assert.ok(second);
  world.arrive(1, second);
  assert.match(world.trouble[0] ?? '', /fragment 0 is missing/);
  world.connect();
  world.settle();
  assert.deepEqual(world.received[1], ['one', 'two']);
});

test('an acknowledgement of what was never sent is refused', () => {
  const world = pair();
  assert.equal(world.ends[0].attach(1, 1, 4096), false);
});

test('a message over the limit is refused on both ends', () => {
  const world = pair();
  world.connect();
  assert.throws(() => world.ends[0].send(Buffer.alloc((1 << 22) + 1)), /longer than/);
});

test('a message over the reader’s limit is dropped except for its beginning and end, and the channel goes on', () => {
  const world = pair(1 << 20);
  world.connect();
  world.ends[1].limit({ maxMessageBytes: 200_000, backlogBytes: 1 << 20 });
  world.ends[0].send(Buffer.from('before'));
  world.ends[0].send(Buffer.from(`abc${'-'.repeat(3_000_000)}xyz`));
  for (let i = 0; i < 60; i++) {
    world.pump(1);
    assert.ok(world.ends[1].partialBytes <= 200_000);
  }
  world.ends[0].send(Buffer.from('after'));
  world.settle();
  assert.deepEqual([world.received[1], world.cut, world.trouble], [['before', 'after'], ['abc…xyz'], []]);
});

const dataFrame = (seq: number, flags: number, channel = 1) => ({ kind: FrameKind.data, flags, channel, seq, ack: 0 });

test('a peer that goes over the window of a paused reader is a broken carrier, and nothing of it is kept', () => {
  const world = pair(100_000);
  world.connect();
  world.ends[1].pause();
  for (let seq = 0; world.trouble.length === 0; seq++) {
    world.ends[1].receive(dataFrame(seq, FLAG_FINAL), Buffer.alloc(50));
    assert.ok(world.ends[1].heldBytes <= 100_000 + FRAGMENT_BYTES + HEADER_BYTES);
    assert.ok(seq < 10_000);
  }
  assert.match(world.trouble[0] ?? '', /window/);
  assert.deepEqual([world.ends[1].heldBytes, world.ends[1].attached], [0, false]);
});

test('fragments that hold next to nothing are refused: they would cost more than they count', () => {
  const world = pair();
  world.connect();
  world.ends[1].receive(dataFrame(0, 0), Buffer.alloc(0));
  assert.match(world.trouble[0] ?? '', /not the last/);
});

test('a frame of an earlier carrier is ignored', () => {
  const world = pair();
  world.connect();
  world.ends[1].receive(dataFrame(0, FLAG_FINAL, 7), Buffer.from('old'));
  world.ends[0].send(Buffer.from('new'));
  world.settle();
  assert.deepEqual(world.received[1], ['new']);
});
