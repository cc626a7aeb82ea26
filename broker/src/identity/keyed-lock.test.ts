import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyedLock } from './keyed-lock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a caller that asks for a held key waits in order and is told that it waited; other keys are free', async () => {
  const lock = createKeyedLock();
  const order: string[] = [];
  const first = await lock.acquire('a');
  assert.equal(first.waited, false);
  const waiting = ['second', 'third'].map(async (name) => {
    const held = await lock.acquire('a');
    order.push(name);
    assert.equal(held.waited, true);
    return held;
  });
  assert.equal((await lock.acquire('b')).waited, false);
  await turn();
  assert.deepEqual(order, []);
  first.release();
  const second = await waiting[0];
  await turn();
  assert.deepEqual(order, ['second']);
  second?.release();
  const third = await waiting[1];
  assert.deepEqual(order, ['second', 'third']);
  third?.release();
  assert.equal((await lock.acquire('a')).waited, false, 'nobody holds it any more');
});

test('a key that was given back while others wait is still theirs', async () => {
  const lock = createKeyedLock();
  const first = await lock.acquire('a');
  const second = lock.acquire('a');
  first.release();
  const third = lock.acquire('a');
  const held = await second;
  let isFree = false;
  void third.then(() => (isFree = true));
  await turn();
  assert.equal(isFree, false);
  held.release();
  assert.equal((await third).waited, true);
});
