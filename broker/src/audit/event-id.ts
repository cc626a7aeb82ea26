// The ids of audit records: UUIDs of version 7 (RFC 9562), which sort in the order in which they were made, so that the index grows at its end.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';

/** The largest value of the 12 bits that count the ids of one millisecond. */
const LAST_IN_MS = 0xfff;

/** Returns a function that makes the next id and its time (ms since the epoch). Times never go back, even where the clock does. */
export function createEventIds(clock: Clock): () => { id: string; ts: number } {
  let ts = 0;
  let count = 0;

  return () => {
    const now = clock.now();
    if (now > ts) {
      ts = now;
      count = 0;
    } else if (count === LAST_IN_MS) {
      ts += 1;
      count = 0;
    } else {
      count += 1;
    }
    const time = ts.toString(16).padStart(12, '0');
    const random = randomUUID().slice(18);
    return { id: `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}${random}`, ts };
  };
}

/** The time at which `createEventIds` made the id, ms since the epoch. */
export function eventIdTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
