// Messages that are read as they come, instead of being gathered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIncoming } from './channel-incoming.ts';
import { FLAG_FINAL, FRAME_MAX_BYTES, FrameKind, HEADER_BYTES } from './frame.ts';

const KIB = 1024;

function open(large = true) {
  const said: string[] = [];
  const tails: string[] = [];
  const texts = (parts: readonly Buffer[]) => parts.map((part) => part.toString('latin1', 0, 1)).join('');
  const incoming = createIncoming({
    ...{ first: 0, windowBytes: 10 * KIB, maxMessageBytes: 6 * KIB },
    onMessage: (message) => said.push(`message of ${message.length}`),
    onOversize(head, tail) {
      tails.push(tail.toString('latin1'));
      said.push(`oversize ${head.length}${head.toString('latin1', 0, 1)} ${tail.length}${tails[0]?.at(-1)}`);
    },
    onConsumed: (bytes) => said.push(`consumed ${bytes - HEADER_BYTES}`),
    large: large
      ? {
          fromBytes: 2 * KIB,
          open(first) {
            said.push(`open ${texts(first)}`);
            return { feed: (bytes) => said.push(`feed ${texts([bytes])}`), end: () => said.push('end') };
          },
        }
      : undefined,
  });
  let seq = 0;
  const feed = (letter: string, bytes: number, isFinal = false) => {
    const header = { kind: FrameKind.data, flags: isFinal ? FLAG_FINAL : 0, channel: 1, seq, ack: 0 };
    const outcome = incoming.receive(header, Buffer.alloc(bytes, letter));
    if (outcome === 'taken') seq += 1;
    const done = said.splice(0);
    return outcome === 'taken' ? done : outcome;
  };
  return { incoming, feed, said, tails, skip: (to: number) => (seq = to) };
}

test('a message longer than the limit is opened with the fragments so far, fed with the rest, and ends with its last one', () => {
  const { feed, incoming } = open();
  assert.deepEqual(feed('a', 2 * KIB), [`consumed ${2 * KIB}`]);
  assert.deepEqual(feed('b', KIB), ['open ab', `consumed ${KIB}`]);
  assert.deepEqual(feed('c', KIB), ['feed c', `consumed ${KIB}`]);
  assert.equal(incoming.partialBytes, 4 * KIB);
  assert.deepEqual(feed('d', 1, true), ['feed d', 'end', 'consumed 1']);
  assert.equal(incoming.partialBytes, 0);
  assert.deepEqual(feed('e', KIB), [`consumed ${KIB}`]);
  assert.deepEqual(feed('f', 1, true), [`message of ${KIB + 1}`, 'consumed 1'], 'the next one is gathered again');
});

test('a message of exactly the limit, and one of a single fragment, are collected', () => {
  const { feed } = open();
  feed('a', KIB);
  assert.deepEqual(feed('b', KIB, true), [`message of ${2 * KIB}`, `consumed ${KIB}`]);
  assert.deepEqual(feed('c', 5 * KIB, true), [`message of ${5 * KIB}`, `consumed ${5 * KIB}`]);
  assert.deepEqual(feed('d', 0, true), ['message of 0', 'consumed 0']);
});

test('a message over the largest size is dropped, and its first and last kilobyte are reported', () => {
  for (const large of [true, false]) {
    const { feed, incoming } = open(large);
    for (const letter of 'abc') feed(letter, 2 * KIB);
    assert.deepEqual(feed('d', KIB), [`consumed ${KIB}`]);
    assert.equal(incoming.partialBytes, 0, 'nothing of it is kept');
    assert.deepEqual(feed('e', KIB), [`consumed ${KIB}`]);
    assert.deepEqual(feed('f', 10, true), ['oversize 1024a 1024f', 'consumed 10']);
    assert.deepEqual(feed('g', 1, true), ['message of 1', 'consumed 1']);
  }
});

test('the last kilobyte of a message that is too long may come from two fragments', () => {
  const { feed, tails } = open(false);
  for (const letter of 'abc') feed(letter, 2 * KIB);
  feed('d', 10, true);
  assert.deepEqual(tails, [`${'c'.repeat(KIB - 10)}${'d'.repeat(10)}`]);
});

test('a message of exactly the largest size passes, and one byte more does not', () => {
  const { feed } = open(false);
  assert.deepEqual(feed('a', 6 * KIB, true), [`message of ${6 * KIB}`, `consumed ${6 * KIB}`]);
  assert.deepEqual(feed('b', 6 * KIB + 1, true), ['oversize 1024b 1024b', `consumed ${6 * KIB + 1}`]);
});

test('repeated fragments are ignored; missing and far too small ones are reported', () => {
  const { feed, skip, incoming } = open();
  feed('a', 1, true);
  skip(0);
  assert.equal(feed('a', 1, true), 'again');
  skip(2);
  assert.deepEqual(feed('c', 1, true), { broken: 'fragment 1 is missing, 2 came' });
  skip(1);
  assert.deepEqual(feed('b', KIB - 1), {
    broken: `fragment 1 has ${KIB - 1} bytes and is not the last of its message`,
  });
  assert.deepEqual(feed('b', KIB), [`consumed ${KIB}`]);
  assert.equal(incoming.next, 2);
});

test('while its reader pauses fragments are held and not consumed, and a reader may pause again at any of them', () => {
  const { feed, incoming, said } = open();
  incoming.pause();
  assert.deepEqual([feed('a', 1, true), feed('b', 2, true), feed('c', 3, true)], [[], [], []]);
  assert.deepEqual([incoming.heldBytes, incoming.next], [6 + 3 * HEADER_BYTES, 0]);
  incoming.resume();
  assert.deepEqual(said.splice(0), [
    'message of 1',
    'consumed 1',
    'message of 2',
    'consumed 2',
    'message of 3',
    'consumed 3',
  ]);
  assert.deepEqual([incoming.heldBytes, incoming.next], [0, 3]);
  incoming.pause();
  feed('d', 4, true);
  incoming.dropHeld();
  incoming.resume();
  assert.deepEqual([incoming.heldBytes, incoming.next, said], [0, 3, []]);
});

test('held fragments are bounded by the window and one frame more', () => {
  const { feed, incoming } = open();
  incoming.pause();
  const all = 10 * KIB + FRAME_MAX_BYTES;
  assert.deepEqual(feed('a', all - HEADER_BYTES, true), []);
  assert.equal(incoming.heldBytes, all);
  assert.deepEqual(feed('b', 0, true), { broken: 'more came than the window admits' });
});
