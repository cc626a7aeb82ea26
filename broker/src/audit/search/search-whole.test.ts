import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Found } from '../audit.ts';
import { searchWhole } from './search-whole.ts';

/** Has the numbers up to `most`, the highest first, and answers with none, one or two of them. */
const inParts =
  (most: number, asked: number[] = []) =>
  (search: { limit: number; before?: { at: number; position: number; byEnd: boolean } }): Promise<Found<number>> => {
    const from = search.before?.position ?? most;
    asked.push(search.limit);
    const records = [from, from - 1].slice(0, Math.min(from, search.limit, asked.length % 3));
    const position = from - records.length;
    return Promise.resolve({ records, next: position === 0 ? undefined : { at: 0, position, byEnd: false } });
  };

it('a search is followed until there is as much as was asked for, or no more, however little an answer has', async () => {
  assert.deepEqual(await searchWhole(inParts(5), { limit: 4 }), [5, 4, 3, 2]);
  assert.deepEqual(await searchWhole(inParts(3), { limit: 9 }), [3, 2, 1]);
  const limits: number[] = [];
  assert.deepEqual(await searchWhole(inParts(9, limits), { limit: 4 }), [9, 8, 7, 6]);
  assert.deepEqual(limits.at(-1), 1, 'no more is asked for than is left');
});

it('a search that is bounded ends after so many answers with what there is', async () => {
  assert.deepEqual(await searchWhole(inParts(9), { limit: 9 }, 2), [9, 8, 7]);
});
