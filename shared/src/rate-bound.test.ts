import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateBound } from './rate-bound.ts';

test('a burst passes, then as many as the rate says, and a clock that goes back gives nothing', () => {
  let now = 1_000;
  const may = createRateBound({ burst: 3, perSecond: 2 }, () => now);
  assert.deepEqual([may(), may(), may(), may()], [true, true, true, false]);
  now += 499;
  assert.equal(may(), false);
  now += 1;
  assert.deepEqual([may(), may()], [true, false]);
  now -= 10_000;
  assert.equal(may(), false);
  now += 100_000;
  assert.deepEqual([may(), may(), may(), may()], [true, true, true, false], 'never more than a burst');
});
