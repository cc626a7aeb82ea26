// All that a search finds, where a part of it would be taken for the whole.
import type { Found, FoundCursor } from '../audit.ts';

/**
 * The first `limit` records. One answer looks through rows for a moment and says where the search goes on; this goes on there, up to `mostParts`
 * answers.
 */
export async function searchWhole<S extends { limit: number; before?: FoundCursor }, R>(
  find: (search: S) => Promise<Found<R>>,
  search: S,
  mostParts = Number.POSITIVE_INFINITY,
): Promise<R[]> {
  const records: R[] = [];
  let { before } = search;
  for (let part = 0; part < mostParts; part += 1) {
    const found = await find({ ...search, ...(before && { before }), limit: search.limit - records.length });
    records.push(...found.records);
    before = found.next;
    if (before === undefined || records.length >= search.limit) break;
  }
  return records;
}
