import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hearableForMs } from './unheard.ts';

test('a beat that is late because the process was busy is no silence of the others, but for three seconds at the most', () => {
  assert.equal(hearableForMs(999, 0), 1);
  assert.equal(hearableForMs(1_000, 0), 0, 'an idle process that hears nothing for a second is cut off');
  assert.equal(hearableForMs(1_800, 900), 100);
  assert.equal(hearableForMs(1_800, 700), 0);
  assert.equal(hearableForMs(2_900, 2_900), 100);
  assert.equal(hearableForMs(3_000, 2_900), 0, 'however busy');
});
