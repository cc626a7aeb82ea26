import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { createEventIds, eventIdTime } from './event-id.ts';

it('makes UUIDs of version 7 that sort as they were made, also many in one millisecond and when the clock goes back', () => {
  let now = 1_790_000_000_000;
  const nextId = createEventIds({ ...systemClock, now: () => now });
  const ids: string[] = [];
  for (let index = 0; index < 10_000; index += 1) {
    if (index === 9_000) now -= 60_000;
    const { id, ts } = nextId();
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(eventIdTime(id), ts);
    ids.push(id);
  }
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  now += 120_000;
  assert.equal(nextId().ts, now);
});
