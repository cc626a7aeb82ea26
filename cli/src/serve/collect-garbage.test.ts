import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage } from './collect-garbage.ts';

const LARGE = 2_000_000;
const heapUsed = () => process.memoryUsage().heapUsed;

test('what nobody holds is gone at once', () => {
  collectGarbage();
  const before = heapUsed();
  let garbage: number[] | undefined = Array.from({ length: LARGE }, (_, i) => i + 0.5);
  assert.ok(heapUsed() - before > LARGE * 4, `${garbage.length} numbers`); // of eight bytes each
  garbage = undefined;
  collectGarbage();
  assert.ok(heapUsed() - before < LARGE);
});
