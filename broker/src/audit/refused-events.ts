// Events that strangers cause by being refused. Each gets a row of the log within a rate, so that a flood cannot fill the log: a rate for its kind, and
// a smaller one for its kind and source, so that one source that goes on and on does not take the rows of others. Past these rates events are
// counted, and one row a minute for each kind says how many of it got no row, since when, and how many came from which sources.
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import { addressKey } from '../domain/bounds/address-key.ts';
import type { AuditEvent } from '../domain/call-record.ts';

export interface RefusedEvents {
  /** Records or counts the event. Resolves when its row is committed, or at once where it is only counted. */
  note(event: AuditEvent): Promise<void>;
  /** Records now how many events were counted so far. */
  tell(): Promise<void>;
}

/** The rate of rows for each kind of event, and that for each source of a kind. */
const ROWS = { burst: 100, perSecond: 0.1 };
const ROWS_OF_SOURCE = { burst: 25, perSecond: 0.02 };
const TELL_AFTER_MS = 60_000;
/** A kind is a type and reason that this program names, in one workspace. Should there be more than this, the rest count as one kind. */
const MAX_KINDS = 500;
/** The key of the kind that the rest count as. */
const REST = '';
/** Among so many sources one is not forgotten; twice as many are kept at most. One that is begins anew, and the rate of the kind still holds. */
const MAX_SOURCES = 5_000;
/** So many sources are counted apart in a minute, of each kind; the first that come. */
const MAX_COUNTED = 100;
const MAX_ADDRESSES = 10;

/** What got no row since it was last told. */
interface Unrecorded {
  since: number;
  count: number;
  /** How many came from which source. */
  bySource: Map<string, number>;
  addresses: Set<string>;
  cancelTimer: () => void;
}

interface Kind {
  key: string;
  mayRecord: () => boolean;
  /** The members that are the same in all events of this kind. */
  common: AuditEvent;
  unrecorded: Unrecorded | undefined;
}

export function createRefusedEvents(options: {
  clock: Clock;
  record: (event: AuditEvent) => Promise<void>;
  onError: (error: unknown) => void;
}): RefusedEvents {
  const { clock, record } = options;
  const kinds = new Map<string, Kind>();
  /** The rates of the sources that came last, and of those before them. */
  let young = new Map<string, () => boolean>();
  let old = new Map<string, () => boolean>();

  function kindOf(event: AuditEvent): Kind {
    const { workspace_id, type } = event;
    const { door, reason, via } = event.data;
    const words = [door, reason, via].map((word) => (typeof word === 'string' ? word : ''));
    const key = [workspace_id, type, ...words].join('\n');
    const known = kinds.get(key);
    if (known !== undefined) return known;
    if (kinds.size < MAX_KINDS)
      return add(key, { workspace_id, type, data: { ...textOf({ door }), ...textOf({ reason }), ...textOf({ via }) } });
    return kinds.get(REST) ?? add(REST, { workspace_id: 'default', type: 'auth.rejected', data: {} });
  }

  function add(key: string, named: Pick<AuditEvent, 'workspace_id' | 'type' | 'data'>): Kind {
    const common: AuditEvent = { ...named, actor: 'anonymous', subject: null, address: null };
    const made = { key, mayRecord: createRateBound(ROWS, () => clock.now()), common, unrecorded: undefined };
    kinds.set(key, made);
    return made;
  }

  function mayHaveRow(kind: Kind, source: string): boolean {
    const key = `${source} ${kind.key}`;
    let mayRecord = young.get(key);
    if (mayRecord === undefined) {
      mayRecord = old.get(key) ?? createRateBound(ROWS_OF_SOURCE, () => clock.now());
      if (young.size >= MAX_SOURCES) [old, young] = [young, new Map()];
      young.set(key, mayRecord);
    }
    return mayRecord() && kind.mayRecord();
  }

  function count(kind: Kind, source: string, isAddress: boolean): void {
    const begun = (): Unrecorded => ({
      ...{ since: clock.now(), count: 0, bySource: new Map(), addresses: new Set() },
      cancelTimer: clock.after(TELL_AFTER_MS, () => void tellOne(kind).catch(options.onError)),
    });
    const unrecorded = (kind.unrecorded ??= begun());
    const { bySource, addresses } = unrecorded;
    unrecorded.count += 1;
    if (bySource.has(source) || bySource.size < MAX_COUNTED) bySource.set(source, (bySource.get(source) ?? 0) + 1);
    if (isAddress && addresses.size < MAX_ADDRESSES) addresses.add(source);
  }

  async function tellOne(kind: Kind): Promise<void> {
    const { unrecorded, common } = kind;
    if (unrecorded === undefined) return;
    unrecorded.cancelTimer();
    kind.unrecorded = undefined;
    const { count: told, bySource, since } = unrecorded;
    const most = [...bySource].toSorted(([, a], [, b]) => b - a).slice(0, MAX_ADDRESSES);
    const data = {
      ...{ unrecorded: told, since: new Date(since).toISOString(), addresses: [...unrecorded.addresses] },
      by_source: most.map(([source, times]) => `${source} (${times})`),
    };
    await record({ ...common, data: { ...common.data, ...data } });
  }

  return {
    async note(event) {
      const kind = kindOf(event);
      const { address, actor } = event;
      const source = address === null ? actor : addressKey(address);
      if (mayHaveRow(kind, source)) return record(event);
      count(kind, source, address !== null);
    },
    async tell() {
      for (const kind of kinds.values()) await tellOne(kind);
    },
  };
}

function textOf(member: Readonly<Record<string, AuditEvent['data'][string] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(member).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
