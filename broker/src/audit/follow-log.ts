// Follows the log of all brokers of the database. Within a chain rows are committed in their order, so a place in each chain says what is still to come,
// whatever clocks say and however brokers write beside each other.
import { timeOf } from '../domain/record-id.ts';
import type { Store } from '../store/store.ts';
import type { LogEnd } from '../store/audit/log-ends.ts';
import type { AuditRow } from '../store/audit/row.ts';
import type { Audit } from './audit.ts';
import { toCallRecord, toLoggedEvent } from './log-rows.ts';

export type FollowedRecord = Parameters<Parameters<Audit['onRecord']>[0]>[0];

/** The last row of each chain that was read, by the chain's number. */
export type LogPlaces = ReadonlyMap<number, number>;

export interface LogReading {
  /** Each with the places behind it. */
  records: { told: FollowedRecord; places: LogPlaces }[];
  /** Where the next reading begins. */
  places: LogPlaces;
  /** There was more than could be read: what lies between is left out. */
  skipped: boolean;
}

export interface LogFollower {
  /** The end of the log. */
  end(): Promise<LogPlaces>;
  /** What stands behind these places, up to `upTo` where it is said. At most `limit` rows of a chain are read; of a chain with more, none. */
  read(after: LogPlaces, limit: number, upTo?: LogPlaces): Promise<LogReading>;
  /** The places that a text means; undefined where it means none, or something may have been written since that nobody could find by it. */
  resume(text: string): Promise<LogPlaces | undefined>;
}

/** So many chains are named in a text, those that were begun last. */
const MOST_NAMED = 24;
/** How far clocks of brokers may be apart. */
const SKEW_MS = 60_000;

/** Places as a text that nobody but a broker reads: the time, and the place in each chain that may go on. */
export function placesText(places: LogPlaces, now: number): string {
  const named = [...places].toSorted(([a], [b]) => b - a).slice(0, MOST_NAMED);
  return [now.toString(36), ...named.map(([chain, seq]) => `${chain.toString(36)}.${seq.toString(36)}`)].join('-');
}

function readPlaces(text: string): { at: number; places: Map<number, number> } | undefined {
  const [time = '', ...named] = text.split('-');
  if (!/^[0-9a-z]{1,11}$/.test(time) || named.length === 0 || named.length > MOST_NAMED) return undefined;
  const places = new Map<number, number>();
  for (const each of named) {
    const [, chain = '', seq = ''] = /^([0-9a-z]{1,8})\.([0-9a-z]{1,8})$/.exec(each) ?? [];
    if (chain === '') return undefined;
    places.set(Number.parseInt(chain, 36), Number.parseInt(seq, 36));
  }
  return { at: Number.parseInt(time, 36), places };
}

const placesOf = (ends: readonly LogEnd[]): Map<number, number> =>
  new Map(ends.map(({ number, seq }) => [number, seq]));

export function createLogFollower({
  store,
}: {
  store: { audit: Pick<Store['audit'], 'ends' | 'chain'> };
}): LogFollower {
  async function recordOf(row: AuditRow, here: ReadonlyMap<number, AuditRow>): Promise<FollowedRecord | undefined> {
    if (row.kind === 'event') return { kind: 'event', record: toLoggedEvent(row) };
    if (row.kind !== 'outcome') return undefined;
    const { chain, seq } = row.call;
    const near = chain === row.chain ? here.get(seq) : undefined;
    const intent = near ?? (await store.audit.chain(chain, seq, 1))[0];
    if (intent?.kind !== 'intent' || intent.seq !== seq) return undefined;
    return { kind: 'call', record: toCallRecord({ intent, outcome: row }) };
  }

  return {
    end: async () => placesOf(await store.audit.ends()),
    async read(after, limit, upTo) {
      const places = new Map(after);
      const found: { at: number; seq: number; told: FollowedRecord; number: number }[] = [];
      let skipped = false;
      for (const end of await store.audit.ends()) {
        const last = upTo === undefined ? end.seq : Math.min(end.seq, upTo.get(end.number) ?? -1);
        const from = (after.get(end.number) ?? -1) + 1;
        if (last < from) continue;
        if (last - from >= limit) skipped = true;
        else {
          const rows = await store.audit.chain(end.chain, from, last - from + 1);
          const here = new Map(rows.map((row) => [row.seq, row]));
          let at = 0;
          for (const row of rows) {
            at = Math.max(at, row.at); // so that no row goes before one of the same chain
            const told = await recordOf(row, here);
            if (told !== undefined) found.push({ at, seq: row.seq, told, number: end.number });
          }
        }
        places.set(end.number, last);
      }
      const reached = new Map(after);
      // A text that was told with a record names what was told up to it, chain by chain, so that the order between chains loses nothing.
      const records = found
        .toSorted((a, b) => a.at - b.at)
        .map(({ seq, told, number }) => {
          reached.set(number, seq);
          return { told, places: new Map(reached) };
        });
      return { records, places, skipped };
    },
    async resume(text) {
      const read = readPlaces(text);
      if (read === undefined) return undefined;
      const ends = await store.audit.ends();
      const newest = Math.max(-1, ...read.places.keys());
      const places = new Map(read.places);
      for (const { number, seq, at } of ends) {
        if (number > newest || places.has(number)) continue;
        if (timeOf(at) > read.at - SKEW_MS) return undefined;
        places.set(number, seq);
      }
      const known = placesOf(ends);
      return [...places].every(([chain, seq]) => seq <= (known.get(chain) ?? -1)) ? places : undefined;
    },
  };
}
