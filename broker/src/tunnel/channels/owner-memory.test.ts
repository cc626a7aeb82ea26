import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOwnerMemory } from './owner-memory.ts';

test('bytes are added as they arrive, and the real use is measured when their sum reaches the bound', () => {
  let kept = 0;
  let counts = 0;
  const memory = createOwnerMemory(100, () => {
    counts += 1;
    return kept;
  });
  assert.equal(memory.admits(60), true);
  assert.equal(memory.admits(40), true, 'just all of it');
  assert.equal(counts, 0);
  kept = 50;
  assert.equal(memory.admits(10), true, 'fifty have gone meanwhile');
  assert.equal(counts, 1);
  assert.equal(memory.admits(40), true);
  assert.equal(counts, 1, 'from there on it is added again');
  kept = 90;
  assert.equal(memory.admits(10), true, 'just all of it, counted anew');
  assert.equal(counts, 2);
  assert.equal(memory.admits(11), false);
  assert.equal(counts, 3);
  assert.equal(memory.admits(1), true, 'what was refused does not count');
  assert.equal(counts, 4);
});
