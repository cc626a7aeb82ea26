import assert from 'node:assert/strict';
import { it } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createIdleTime } from './idle-time.ts';

it('the idle time doubles for who is wanted again soon, up to eight times, and shrinks again for who is not', () => {
  const clock = steppedClock();
  const idle = createIdleTime({ clock, baseMs: 1_000 });
  const seen: number[] = [];
  const round = (apartMs: number) => {
    idle.stopped();
    clock.advance(apartMs);
    idle.wanted();
    idle.wanted();
    seen.push(idle.ms);
  };
  for (const apartMs of [500, 999, 1, 1, 5_000, 5_000, 5_000, 5_000]) round(apartMs);
  assert.deepEqual(seen, [2_000, 4_000, 8_000, 8_000, 4_000, 2_000, 1_000, 1_000]);
});
