import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEndedChannels } from './ended-channels.ts';

function world(max: number) {
  const clock = { at: 1_000, now: () => clock.at, after: () => () => undefined };
  const ended = createEndedChannels({ clock, keepMs: 100, max });
  const add = (id: string) => ended.add({ id, owner: 'ada', secretHash: '', taken: 1 });
  const names = () => ended.all.map(({ id }) => id);
  return { clock, ended, add, names };
}

test('an ended channel is known for as long as its peer may come back, and then forgotten', () => {
  const { clock, ended, add, names } = world(10);
  add('a');
  clock.at += 60;
  add('b');
  clock.at += 60;
  add('c');
  assert.deepEqual(names(), ['b', 'c']);
  assert.equal(ended.find('b')?.taken, 1);
  assert.equal(ended.isComplete, true);
});

test('too many ended channels: the oldest are forgotten early, and until their time is over nobody claims to know all', () => {
  const { clock, ended, add, names } = world(2);
  for (const id of ['a', 'b', 'c']) add(id);
  assert.deepEqual(names(), ['b', 'c']);
  assert.equal(ended.isComplete, false);
  clock.at += 101;
  assert.equal(ended.isComplete, true);
});
