import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChannel, type Channel } from './channel.ts';
import type { Clock } from './clock.ts';
import { HEADER_BYTES, readFrame } from './frame.ts';

/** Time that stands still until it is asked to run what is due. */
function handClock(): Clock & { runAll(): void } {
  const due = new Set<() => void>();
  return {
    now: () => 0,
    after(_delayMs, callback) {
      due.add(callback);
      return () => due.delete(callback);
    },
    runAll() {
      for (const callback of [...due]) {
        due.delete(callback);
        callback();
      }
    },
  };
}

/** Two ends and a carrier between them that can be pumped frame by frame, duplicated and cut. */
function pair(windowBytes = 4096) {
  const clock = handClock();
  const received: [string[], string[]] = [[], []];
  const trouble: string[] = [];
  const end = (side: 0 | 1): Channel =>
    createChannel({
      clock,
      windowBytes,
      backlogBytes: 1 << 30,
      maxMessageBytes: 1 << 22,
      onMessage: (message) => received[side].push(message.toString('latin1')),
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
  return { ends, received, trouble, wire, connect, arrive, pump, settle, clock };
}

const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 200_000 }) },
);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('send' as const), side: fc.constantFrom(0 as const, 1 as const), size }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pump' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), side: fc.constantFrom(0 as const, 1 as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'resume' as const),
      side: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('time' as const) }) },
);

test('messages arrive in order and exactly once, whatever is cut, repeated or paused', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = pair();
      world.connect();
      const sent: [string[], string[]] = [[], []];
      let count = 0;
      for (const one of steps) {
        if (one.do === 'send') {
          const text = `${count++}:`.padEnd(one.size, 'x');
          world.ends[one.side].send(Buffer.from(text, 'latin1'));
          sent[one.side].push(text);
        } else if (one.do === 'pump') world.pump(one.count);
        else if (one.do === 'cut') {
          world.ends[0].detach();
          world.ends[1].detach();
          world.connect();
        } else if (one.do === 'repeat') {
          const frame = world.wire[one.side][0];
          if (frame) world.wire[one.side].unshift(Buffer.from(frame));
        } else if (one.do === 'pause') world.ends[one.side].pause();
        else if (one.do === 'resume') world.ends[one.side].resume();
        else world.clock.runAll();
      }
      world.ends[0].resume();
      world.ends[1].resume();
      world.settle();
      assert.deepEqual(world.trouble, []);
      assert.deepEqual(world.received[1], sent[0]);
      assert.deepEqual(world.received[0], sent[1]);
      assert.equal(world.ends[0].backlogBytes, 0);
      assert.equal(world.ends[1].backlogBytes, 0);
    }),
    { numRuns: 2000 },
  );
});

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

test('a peer that claims to have what was never sent is refused', () => {
  const world = pair();
  assert.equal(world.ends[0].attach(1, 1, 4096), false);
});

test('a message over the limit is refused on both ends', () => {
  const world = pair();
  world.connect();
  assert.throws(() => world.ends[0].send(Buffer.alloc((1 << 22) + 1)), /longer than/);
});
