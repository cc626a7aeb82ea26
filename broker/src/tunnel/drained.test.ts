import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drained, type DrainedChannel } from './drained.ts';

/** Each look takes a second. */
async function drain(channel: DrainedChannel, onSecond: (second: number) => void = () => undefined) {
  let second = 100;
  const looked = () => {
    second += 1;
    onSecond(second - 100);
    return [channel];
  };
  const clock = { now: () => second * 1_000, after: () => () => undefined };
  const isDone = await drained(looked, { clock, limitMs: 30_000, leaveMs: 3_000 });
  return { isDone, seconds: second - 100 };
}

const away = (pending: number, backlogBytes: number): DrainedChannel => ({
  slot: undefined,
  detachedAt: 20_000,
  session: { pending },
  channel: { backlogBytes },
});

test('who has lost its link and nothing under way is not waited for', async () => {
  assert.deepEqual(await drain(away(0, 0)), { isDone: true, seconds: 1 });
});

test('who has lost its link before it could acknowledge an answer is waited for ten seconds', async () => {
  const { isDone, seconds } = await drain(away(0, 500));
  assert.equal(isDone, true);
  assert.ok(seconds > 10 && seconds < 13, `${seconds} s`);
});

test('a link that is lost while the broker drains has its ten seconds from then on', async () => {
  const channel = away(1, 0);
  const { isDone, seconds } = await drain(channel, (second) => {
    if (second !== 8) return;
    channel.detachedAt = 108_000;
    channel.session = { pending: 0 };
    channel.channel = { backlogBytes: 500 };
  });
  assert.equal(isDone, true);
  assert.ok(seconds > 18 && seconds < 21, `${seconds} s`);
});

test('a call that runs is waited for up to the limit', async () => {
  const { isDone, seconds } = await drain(away(1, 0));
  assert.equal(isDone, false);
  assert.ok(seconds >= 30, `${seconds} s`);
});
