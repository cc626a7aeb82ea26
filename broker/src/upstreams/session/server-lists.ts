// Caches the lists of one connection. A list is kept until the server says that it changed, or for as long as the server says that it may be kept;
// without either for a while, because many servers are deployed anew and never say that their lists changed.
import type { Clock } from 'mcpgate-shared/clock';
import { attemptOf } from '../attempt.ts';
import { remedy } from '../remedy.ts';
import { listPages, LISTS, type ReadList } from './list-pages.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamReply } from '../upstream.ts';

export interface ServerLists {
  /** The cached list, or the list read from the server. Rejects as soon as `signal` is aborted; reading goes on for other callers. */
  get(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The cached list, which may be out of date; undefined where there is none. */
  known(kind: ListKind): readonly ListedItem[] | undefined;
  forget(kind: ListKind): void;
  /** Reads a cached list once more, in the background. */
  refresh(kind: ListKind): void;
  /** Reads the list from the server now; concurrent callers share one reading. */
  again(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** What was wrong with the lists when they were read last, a line each. */
  readonly faults: readonly string[];
  close(): void;
}

interface Kept {
  items: readonly ListedItem[];
  faults: readonly string[];
  isStale: boolean;
  cancel: () => void;
}

/** A list is kept at least so long, however short a time the server names. */
const MIN_FRESH_MS = 1_000;
const MAX_FRESH_MS = 86_400_000;
/** A list that changes at each of so many readings counts as it was read last, for the shortest time. */
const MAX_TRIES = 3;

export function createServerLists(options: {
  serverName: string;
  clock: Clock;
  /** Whether the server declared the list's capability. `unsure`: it is asked, and it is no fault where it does not have the list. */
  offers: (kind: ListKind) => 'yes' | 'no' | 'unsure';
  generation: () => ServerFacts['generation'];
  /** A list is kept so long, a tenth more or less, where the server says nothing else. */
  maxAgeMs: number;
  random: () => number;
  /** Why an entry is left out; undefined: it is not. */
  whyNot: (kind: ListKind, item: ListedItem) => string | undefined;
  /** `isUnsure`: the server may not know the method, and may then never answer. */
  send: (method: string, paramsText: string, isUnsure: boolean) => Promise<UpstreamReply>;
  /** A list was read again, and differs. */
  onChanged: (kind: ListKind) => void;
  /** The time for which a list may be kept is over. */
  onStale: (kind: ListKind) => void;
}): ServerLists {
  const { serverName, clock } = options;
  const kept = new Map<ListKind, Kept>();
  const underWay = new Map<ListKind, Promise<readonly ListedItem[]>>();
  const versions = new Map<ListKind, number>();

  async function read(kind: ListKind): Promise<readonly ListedItem[]> {
    for (let tries = 1; ; tries++) {
      const version = versions.get(kind);
      const found = await readOnce(kind);
      // A list that changed while it was read may be a mixture, and is read again. Some servers announce a change at every reading.
      const isMixed = versions.get(kind) !== version;
      if (isMixed && tries < MAX_TRIES) continue;
      return keep(kind, isMixed ? { ...found, ttlMs: MIN_FRESH_MS } : found);
    }
  }

  async function readOnce(kind: ListKind): Promise<ReadList> {
    const offer = options.offers(kind);
    if (offer === 'no') return NOTHING;
    const { method, capability } = LISTS[kind];
    let read: ReadList;
    try {
      read = await listPages({
        serverName,
        kind,
        generation: options.generation(),
        nowMs: () => clock.now(),
        send: (paramsText) => options.send(method, paramsText, offer === 'unsure'),
      });
    } catch (error) {
      if (remedy(attemptOf(error), { what: 'first_page', isDeclared: offer === 'yes' }) !== 'make_do') throw error;
      // A server with resources and without templates is usual, and no fault.
      const isFault = offer === 'yes' && kind !== 'templates';
      return isFault ? { ...NOTHING, faults: [`it declares ${capability} and does not know ${method}`] } : NOTHING;
    }
    const faults = [...read.faults];
    const items = read.items.filter((item) => {
      const why = options.whyNot(kind, item);
      if (why !== undefined) faults.push(`${kind}: ${quoteForeign(item.key)} is left out: ${why}`);
      return why === undefined;
    });
    if (offer === 'unsure' && items.length > 0) faults.push(`it lists ${kind} and does not declare that it has any`);
    return { items, ttlMs: read.ttlMs, faults };
  }

  function keep(kind: ListKind, { items, ttlMs, faults }: ReadList): readonly ListedItem[] {
    const before = kept.get(kind);
    before?.cancel();
    const isSame =
      before?.items.length === items.length && before.items.every(({ text }, index) => text === items[index]?.text);
    const entry: Kept = { items: isSame ? before.items : items, faults, isStale: false, cancel: () => undefined };
    kept.set(kind, entry);
    // A random part keeps the lists of all servers from growing old at the same moment.
    const ageMs = options.maxAgeMs * (0.9 + options.random() * 0.2);
    const freshMs = ttlMs === undefined ? ageMs : Math.min(Math.max(ttlMs, MIN_FRESH_MS), MAX_FRESH_MS);
    entry.cancel = clock.after(freshMs, () => {
      entry.isStale = true;
      options.onStale(kind);
    });
    if (before !== undefined && !isSame) options.onChanged(kind);
    return entry.items;
  }

  function start(kind: ListKind): Promise<readonly ListedItem[]> {
    const running = underWay.get(kind);
    if (running !== undefined) return running;
    const started = read(kind);
    underWay.set(kind, started);
    const over = () => {
      if (underWay.get(kind) === started) underWay.delete(kind);
    };
    started.then(over, over);
    return started;
  }

  return {
    get(kind, signal) {
      const known = kept.get(kind);
      if (known?.isStale === false) return Promise.resolve(known.items);
      return untilAborted(start(kind), signal, `${LISTS[kind].method} to server ${serverName}`);
    },
    known: (kind) => kept.get(kind)?.items,
    forget(kind) {
      versions.set(kind, (versions.get(kind) ?? 0) + 1);
      kept.get(kind)?.cancel();
      kept.delete(kind);
      underWay.delete(kind);
    },
    refresh(kind) {
      const known = kept.get(kind);
      if (known === undefined) return;
      known.isStale = true;
      // The next caller gets the error of a list that cannot be read.
      start(kind).catch(() => undefined);
    },
    again(kind, signal) {
      const known = kept.get(kind);
      if (known !== undefined) known.isStale = true;
      return untilAborted(start(kind), signal, `${LISTS[kind].method} to server ${serverName}`);
    },
    get faults() {
      return [...kept.values()].flatMap(({ faults }) => faults);
    },
    close() {
      for (const { cancel } of kept.values()) cancel();
    },
  };
}

const NOTHING: ReadList = { items: [], ttlMs: undefined, faults: [] };
