import assert from 'node:assert/strict';
import { it } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { paced } from './log-pace.ts';

it('a server that writes without end gets fifty lines a second in the log, and a count of the rest', () => {
  const clock = steppedClock();
  let lines = 0;
  const dropped: number[] = [];
  const write = paced(
    clock,
    () => lines++,
    (count) => dropped.push(count),
  );
  for (let each = 0; each < 1_000; each++) write('x');
  assert.deepEqual([lines, dropped], [50, []]);
  clock.advance(1_000);
  write('x');
  assert.deepEqual([lines, dropped], [51, [950]]);
});
