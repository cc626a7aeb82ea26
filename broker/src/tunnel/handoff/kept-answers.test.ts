// What was left of channels: in memory until it is in the store, and there for as long as a peer may come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { memoryOfLeftChannels, testVault } from '../fixtures/between-brokers.ts';
import { createLeftChannels } from './left-channels.ts';

const KEPT = { first: 3, fragments: [{ payload: Buffer.from('answer'), flags: 1 }] };
const ownerOf = (user: string) => JSON.stringify(['default', user, 'device', `d-${user}`]);
const endOf = (id: string, user = 'ada') => ({ id, owner: ownerOf(user), secretHash: 'ab', taken: 7 });
const revoked = (id: string) => ({ workspaceId: 'default', kind: 'user', id, reason: '' }) as const;

function open() {
  const clock = steppedClock();
  const store = memoryOfLeftChannels();
  const errors: unknown[] = [];
  const left = createLeftChannels({
    ...{ broker: 'run-1', store, vault: testVault, clock, keepMs: 1_000 },
    onError: (error) => errors.push(error),
  });
  return { clock, store, errors, left };
}

test('a channel that was given up is found at once, and unchanged in the store once it is written', async () => {
  const { left, store } = open();
  left.add({ end: endOf('a'), kept: KEPT });
  left.add({ end: endOf('b') });
  assert.equal(store.all.length, 0);
  const found = async () => [await left.find('run-1', 'a'), await left.find('run-1', 'b')];
  assert.deepEqual(await found(), [{ end: endOf('a'), kept: KEPT }, { end: endOf('b') }]);
  assert.equal(await left.find('run-2', 'a'), undefined, 'which is another run');
  await left.write();
  assert.equal(store.all.length, 2);
  const [a, b] = await found();
  assert.deepEqual([a?.end, a?.kept?.first, b], [endOf('a'), 3, { end: endOf('b') }]);
  assert.deepEqual(
    a?.kept?.fragments.map(({ payload, flags }) => [Buffer.from(payload).toString(), flags]),
    [['answer', 1]],
  );
  assert.deepEqual([left.has('a'), left.has('c'), await left.find('run-1', 'c')], [true, false, undefined]);
});

test('written channels are not written again, those that failed are, and the first failure is reported', async () => {
  const { left, store } = open();
  const put = store.put.bind(store);
  const written: string[] = [];
  let failing = ['a', 'c'];
  store.put = (channel, expiresAt) => {
    written.push(`${channel.id} until ${expiresAt - 1_000_000}`);
    return failing.includes(channel.id) ? Promise.reject(new Error(`${channel.id} failed`)) : put(channel, expiresAt);
  };
  for (const id of ['a', 'b', 'c']) left.add({ end: endOf(id), kept: KEPT });
  await assert.rejects(left.write(), /^Error: a failed$/);
  assert.deepEqual(written, ['a until 1000', 'b until 1000', 'c until 1000']);
  failing = [];
  await left.write();
  await left.write();
  assert.deepEqual(written.slice(3), ['a until 1000', 'c until 1000']);
});

test('after the time in which laptops may come back, nothing is kept', async () => {
  const { left, clock, store } = open();
  const sweeps: number[] = [];
  store.removeExpired = (now) => Promise.resolve(void sweeps.push(now - 1_000_000));
  left.add({ end: endOf('a') });
  await left.write();
  clock.advance(500);
  left.add({ end: endOf('b') });
  clock.advance(500);
  assert.deepEqual([left.has('a'), left.has('b')], [true, true], 'just that long');
  clock.advance(1_000);
  assert.deepEqual([left.has('a'), left.has('b')], [false, false]);
  assert.deepEqual(sweeps, [1_000, 2_000]);
  left.close();
  clock.advance(10_000);
  assert.equal(sweeps.length, 2);
});

test('a failure to remove expired channels is reported, and the removal is repeated', async () => {
  const { left, clock, store, errors } = open();
  store.removeExpired = () => Promise.reject(new Error('the store is away'));
  for (let round = 0; round < 2; round++) {
    clock.advance(1_000);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.equal(errors.length, 2);
  left.close();
});

test('answers that the laptop has acknowledged are deleted, written or not, and those of another run too', async () => {
  const { left, store } = open();
  left.add({ end: endOf('a'), kept: KEPT });
  await left.delivered('run-1', 'a');
  assert.deepEqual(await left.find('run-1', 'a'), { end: endOf('a') });
  await left.write();
  assert.equal(store.all[0]?.sealed, null);
  left.add({ end: endOf('b'), kept: KEPT });
  await left.delivered('run-2', 'b');
  assert.notEqual((await left.find('run-1', 'b'))?.kept, undefined, 'that was another one');
  await left.write();
  await left.delivered('run-1', 'b');
  assert.deepEqual(await left.find('run-1', 'b'), { end: endOf('b') });
});

test('the channels of a revoked owner are deleted in memory and in the store, and while they are being written', async () => {
  const { left, store } = open();
  left.add({ end: endOf('a'), kept: KEPT });
  left.add({ end: endOf('b', 'bob'), kept: KEPT });
  await left.write();
  left.add({ end: endOf('c'), kept: KEPT });
  await left.revoked(revoked('ada'));
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => left.has(id)),
    [false, true, false],
  );
  assert.deepEqual(
    store.all.map(({ id }) => id),
    ['b'],
  );

  const put = store.put.bind(store);
  store.put = async (channel, expiresAt) => {
    store.put = put;
    await left.revoked(revoked('ada'));
    await put(channel, expiresAt);
  };
  left.add({ end: endOf('d'), kept: KEPT });
  await left.write();
  assert.deepEqual(
    store.all.map(({ id }) => id),
    ['b'],
  );
});
