// The ids of audit records: UUIDs of version 7 (RFC 9562). An id is the moment at which it was made, and a tail that follows from the
// name of whoever made it: a log that knows the name keeps no more than the moment.
import { hash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';

/** So many ids of one maker have the same millisecond; the next one has the millisecond after it. */
export const PER_MS = 1_024;
/** Of an id as text: behind the dash after the count. */
const TAIL_AT = 19;

/** A millisecond and a count within it as one number, by which records are ordered. It is exact until the year 2248. */
export type Moment = number;

/** The first moment of the millisecond. */
export const momentOf = (ms: number): Moment => ms * PER_MS;

/** The millisecond of the moment. */
export const timeOf = (moment: Moment): number => Math.floor(moment / PER_MS);

/** The last 16 digits of the ids (hex) of a maker, who has a name that no other has. */
export function tailOf(maker: string): string {
  const bytes = hash('sha256', maker, 'buffer').subarray(0, 8);
  // The two bits by which RFC 9562 knows its UUIDs.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex');
}

export function recordId(moment: Moment, tail: string): string {
  const time = timeOf(moment).toString(16).padStart(12, '0');
  const count = (moment % PER_MS).toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** What an id is made of; undefined where it is none. */
export function readRecordId(id: string): { moment: Moment; tail: string } | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-3][0-9a-f]{2}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)) return undefined;
  const ms = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  const tail = id.slice(TAIL_AT).replace('-', '');
  return { moment: momentOf(ms) + Number.parseInt(id.slice(15, 18), 16), tail };
}

/** Returns a function that gives each moment once. They never go back, even where the clock does. */
export function createMoments(clock: Pick<Clock, 'now'>): () => Moment {
  let last = 0;
  return () => {
    last = Math.max(last + 1, momentOf(clock.now()));
    return last;
  };
}
