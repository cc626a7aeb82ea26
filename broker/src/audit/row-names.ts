// The id and the time of rows of one chain, as texts. Rows of a chain are in the order of their times, so of each second and millisecond the text is made
// once: whoever goes through the log makes both for every row that there is.
import { PER_MS, tailOf, timeOf, type Moment } from '../domain/record-id.ts';

export interface RowNames {
  /** Makes both for the row of this moment. */
  take(at: Moment): void;
  /** As `recordId` makes it. */
  readonly id: string;
  /** ISO 8601. */
  readonly ts: string;
}

export function createRowNames(chain: string): RowNames {
  const tail = tailOf(chain);
  const idEnd = `-${tail.slice(0, 4)}-${tail.slice(4)}`;
  let ms = -1;
  let second = -1;
  let idStart = '';
  let date = '';
  const names = {
    id: '',
    ts: '',
    take(at: Moment) {
      const now = timeOf(at);
      if (now !== ms) atTime(now);
      names.id = `${idStart}${(at - now * PER_MS).toString(16).padStart(3, '0')}${idEnd}`;
    },
  };
  function atTime(now: number): void {
    ms = now;
    const hex = now.toString(16).padStart(12, '0');
    idStart = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    const current = Math.floor(now / 1_000);
    if (current !== second) {
      second = current;
      date = new Date(current * 1_000).toISOString().slice(0, -4);
    }
    names.ts = `${date}${String(now - current * 1_000).padStart(3, '0')}Z`;
  }
  return names;
}
