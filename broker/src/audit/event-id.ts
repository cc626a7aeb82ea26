// Ids of audit records: UUIDs of version 7 (RFC 9562), so that they sort as they were made and the index grows at one end.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';

/** The 12 bits after the time count within a millisecond. */
const LAST_IN_MS = 0xfff;

/** Returns a function that makes the next id and its time; times never go back within one process. */
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

/** The time of an id made above, ms since the epoch. */
export function eventIdTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
