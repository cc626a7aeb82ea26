import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createMoments, momentOf, readRecordId, recordId, tailOf, timeOf } from './record-id.ts';

it('makes UUIDs of version 7 that sort as they were made, also many in one millisecond and when the clock goes back', () => {
  let now = 1_790_000_000_000;
  const next = createMoments({ now: () => now });
  const tail = tailOf('w1');
  const ids: string[] = [];
  for (let index = 0; index < 10_000; index += 1) {
    if (index === 9_000) now -= 60_000;
    const moment = next();
    const id = recordId(moment, tail);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(readRecordId(id), { moment, tail });
    ids.push(id);
  }
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  now += 120_000;
  assert.equal(timeOf(next()), now);
});

it('a moment is exact to the last millisecond that it can say, and no other text is taken for an id', () => {
  const last = Date.parse('2248-01-01T00:00:00Z');
  assert.equal(timeOf(momentOf(last) + 1_023), last);
  assert.ok(Number.isSafeInteger(momentOf(last) + 1_023));
  const id = recordId(momentOf(last), tailOf('w1'));
  for (const other of [id.toUpperCase(), `${id} `, id.slice(1), id.replace('-7', '-4'), ''])
    assert.equal(readRecordId(other), undefined, other);
});

it('two makers never make the same id', () => {
  assert.equal(new Set(Array.from({ length: 1_000 }, (_, index) => tailOf(`${index}`))).size, 1_000);
  assert.equal(tailOf('w1'), tailOf('w1'));
});
