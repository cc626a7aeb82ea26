import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStrangerTurns } from './stranger-turns.ts';

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a few are begun in a turn of the loop, address by address, however many wait', async () => {
  const turns = createStrangerTurns();
  const begun: string[] = [];
  const enter = (address: string, name: string) => turns.enter(address, () => begun.push(name));
  for (let n = 0; n < 100; n++) enter('192.0.2.1', `flood ${n}`);
  enter('192.0.2.2', 'one');
  enter('2001:db8::1', 'two');
  enter('2001:db8:0:9::2', 'three');
  assert.deepEqual(begun, []);
  await turnOfTheLoop();
  assert.deepEqual(begun, ['flood 0', 'one', 'two', 'flood 1']);
  await turnOfTheLoop();
  assert.deepEqual(begun.slice(4), ['three', 'flood 2', 'flood 3', 'flood 4']);
  for (let turn = 0; turn < 30; turn++) await turnOfTheLoop();
  assert.equal(begun.length, 103);
  assert.equal(turns.waiting, 0);
  enter('192.0.2.1', 'later');
  await turnOfTheLoop();
  assert.equal(begun.at(-1), 'later');
});

test('so many wait of an address, and in all; more are turned away', () => {
  const turns = createStrangerTurns({ ofAddress: 3, inAll: 6 });
  const entered = (address: string) => turns.enter(address, () => undefined);
  assert.deepEqual(
    ['a', 'a', 'a', 'a', 'b', 'c', 'd', 'e'].map((last) => entered(`192.0.2.${last.charCodeAt(0)}`)),
    [true, true, true, false, true, true, true, false],
  );
});

test('a stranger with an IPv6 network has one turn for each site, and half of the queue for the whole network', async () => {
  const turns = createStrangerTurns({ ofAddress: 3, inAll: 8 });
  const begun: string[] = [];
  const entered = (address: string) => turns.enter(address, () => begun.push(address));
  assert.deepEqual(['2001:db8:1:1::1', '2001:db8:1:2::1', '2001:db8:1:3::1', '2001:db8:1:4::1'].map(entered), [
    true,
    true,
    true,
    false,
  ]);
  assert.deepEqual(['2001:db8:2::1', '2001:db8:3::1'].map(entered), [true, false]);
  assert.deepEqual(['192.0.2.1', '2001:db9::1'].map(entered), [true, true]);
  await turnOfTheLoop();
  assert.deepEqual(begun, ['2001:db8:1:1::1', '2001:db8:2::1', '192.0.2.1', '2001:db9::1']);
});
