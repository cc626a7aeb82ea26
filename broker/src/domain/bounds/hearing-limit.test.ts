import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hearingLeftMs } from './hearing-limit.ts';

test('a beat that is late because the process was busy is no silence of the others, but for three seconds at the most', () => {
  assert.equal(hearingLeftMs(999, 0), 1);
  assert.equal(hearingLeftMs(1_000, 0), 0, 'an idle process that hears nothing for a second is cut off');
  assert.equal(hearingLeftMs(1_800, 900), 100);
  assert.equal(hearingLeftMs(1_800, 700), 0);
  assert.equal(hearingLeftMs(2_900, 2_900), 100);
  assert.equal(hearingLeftMs(3_000, 2_900), 0, 'however busy');
});
