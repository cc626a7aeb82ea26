import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecentMap } from './recent-map.ts';

function open(maxKeys?: number) {
  let now = 0;
  const map = createRecentMap<number>({
    clock: { now: () => now },
    keepMs: 1_000,
    ...(maxKeys !== undefined && { maxKeys }),
  });
  return { map, pass: (ms: number) => (now += ms) };
}

test('a key is kept for its time, and not for ever', () => {
  const { map, pass } = open();
  map.set('ada', 1);
  pass(999);
  assert.equal(map.get('ada'), 1);
  pass(500);
  assert.equal(map.get('ada'), 1, 'of the older generation');
  pass(1_000);
  map.get('somebody');
  pass(1_000);
  assert.equal(map.get('ada'), undefined);
});

test('however many keys strangers make up, so many are kept', () => {
  const { map } = open(100);
  for (let index = 0; index < 10_000; index++) map.set(`${index}`, index);
  assert.ok(map.size <= 200);
  map.set('x'.repeat(1_000_000), 1);
  assert.equal(map.get('x'.repeat(256)), 1);
  map.delete('x'.repeat(256));
  assert.equal(map.get('x'.repeat(256)), undefined);
});
