import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained, mayReturn, type DrainedChannel } from './drained.ts';

/** Each look takes a second. */
async function drain(channel: DrainedChannel, onSecond?: (second: number) => void) {
  return drainAll([channel], onSecond);
}

async function drainAll(channels: readonly DrainedChannel[], onSecond: (second: number) => void = () => undefined) {
  let second = 100;
  const looked = () => {
    second += 1;
    onSecond(second - 100);
    return channels;
  };
  const clock = { now: () => second * 1_000, after: () => () => undefined };
  const isDone = await drained(looked, { clock, limitMs: 30_000, leaveMs: 3_000 });
  return { isDone, seconds: second - 100 };
}

const away = (pending: number, backlogBytes: number): DrainedChannel => ({
  carrier: undefined,
  detachedAt: 20_000,
  session: { pending },
  channel: { backlogBytes },
});

test('a channel without a link and without anything to finish is not waited for', async () => {
  assert.deepEqual(await drain(away(0, 0)), { isDone: true, seconds: 1 });
});

test('a channel that lost its link before an answer was acknowledged is waited for ten seconds', async () => {
  assert.deepEqual(await drain(away(0, 500)), { isDone: true, seconds: 11 });
  const neverLinked = { ...away(0, 500), detachedAt: undefined };
  assert.deepEqual(await drain(neverLinked), { isDone: true, seconds: 11 });
});

test('for a link that is lost while the broker drains, the ten seconds begin with the loss', async () => {
  const channel = away(1, 0);
  const { isDone, seconds } = await drain(channel, (second) => {
    if (second !== 8) return;
    channel.detachedAt = 108_000;
    channel.session = { pending: 0 };
    channel.channel = { backlogBytes: 500 };
  });
  assert.deepEqual({ isDone, seconds }, { isDone: true, seconds: 19 });
});

test('a running call is waited for up to the limit', async () => {
  assert.deepEqual(await drain(away(1, 0)), { isDone: false, seconds: 30 });
});

const linked = (): DrainedChannel => ({ ...away(0, 0), carrier: {} as NonNullable<DrainedChannel['carrier']> });

test('a channel with a link has three seconds to leave once it is idle, and again after each call', async () => {
  assert.deepEqual(await drain(linked()), { isDone: true, seconds: 4 });
  const busy = linked();
  const answer = await drain(busy, (second) => {
    if (second === 3) busy.session = { pending: 1 };
    if (second === 6) busy.session = { pending: 0 };
  });
  assert.deepEqual(answer, { isDone: true, seconds: 9 });
  const unheard = { ...linked(), channel: { backlogBytes: 500 } };
  assert.equal((await drain(unheard)).isDone, false, 'an answer is waited for as long as its link is there');
  const leaving = linked();
  const left = await drain(leaving, (second) => second === 2 && Object.assign(leaving, { carrier: undefined }));
  assert.deepEqual(left, { isDone: true, seconds: 2 }, 'who has left is not waited for');
});

test('all channels are waited for, and without channels the drain ends at once', async () => {
  assert.deepEqual(await drainAll([]), { isDone: true, seconds: 1 });
  const calling = away(1, 0);
  const all = [calling, away(0, 0), linked(), linked()];
  const answer = await drainAll(all, (second) => second === 6 && Object.assign(calling, { session: { pending: 0 } }));
  assert.deepEqual(answer, { isDone: true, seconds: 6 }, 'the others have had their time meanwhile');
});

test('a daemon is let back in if a channel has no link and something to finish', () => {
  assert.deepEqual(
    [away(1, 0), away(0, 1), away(0, 0), linked(), { ...linked(), session: { pending: 1 } }].map(mayReturn),
    [true, true, false, false, false],
  );
});
