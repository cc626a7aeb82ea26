// An export that is broken off goes on when the broker is back, and is given up where it is broken off at the same place each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatience } from './patience.ts';

test('a broker that is away is waited for, for half a minute since something came', () => {
  let now = 0;
  const patience = createPatience(() => now);
  now = 30_000;
  assert.equal(patience.broken(false, 0), 'again');
  patience.came();
  now = 60_000;
  assert.equal(patience.broken(false, 10), 'again');
  now = 60_001;
  assert.equal(patience.broken(false, 10), 'away');
});

test('a broker that answers and breaks it off before anything new has come is asked three times more', () => {
  const patience = createPatience(() => 0);
  const broken = (...reached: number[]) => reached.map((bytes) => patience.broken(true, bytes));
  assert.deepEqual(broken(10, 10, 10), ['again', 'again', 'again']);
  assert.deepEqual(broken(11, 11, 4, 11), ['again', 'again', 'again', 'stuck']);
});

test('one that is away in between does not count as one that breaks it off', () => {
  const patience = createPatience(() => 0);
  assert.deepEqual(
    [true, true, false, false, false, true].map((isAnswered) => patience.broken(isAnswered, 10)),
    ['again', 'again', 'again', 'again', 'again', 'again'],
  );
});
