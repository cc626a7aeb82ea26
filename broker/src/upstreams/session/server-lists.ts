// The lists of one connection: each kept until the server says that it changed, for as long as it says that it may be kept, and in any case
// for a while only: many servers are deployed anew and never say so.
import type { Clock } from 'mcpgate-shared/clock';
import { isUnknownMethod, listPages, LISTS, type ReadList } from './list-pages.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamReply } from '../upstream.ts';

export interface ServerLists {
  /** Rejects as soon as `signal` is aborted; what it waited for goes on for others. */
  get(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The list, where it is known; it may be out of date. */
  known(kind: ListKind): readonly ListedItem[] | undefined;
  forget(kind: ListKind): void;
  /** Reads a list that is known once more, in the background. */
  refresh(kind: ListKind): void;
  /** Reads it now, known or not; callers at the same time share one reading. */
  again(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** What was wrong with the lists when they were read last. */
  readonly faults: readonly string[];
  close(): void;
}

interface Kept {
  items: readonly ListedItem[];
  faults: readonly string[];
  isStale: boolean;
  cancel: () => void;
}

/** Nobody is asked again sooner than this, however short the server says that its lists keep. */
const MIN_FRESH_MS = 1_000;
const MAX_FRESH_MS = 86_400_000;
/** A list that changes whenever it is read counts as it was read last, for as long as the least. */
const MAX_TRIES = 3;

export function createServerLists(options: {
  serverName: string;
  clock: Clock;
  /** Whether the server declared the list's capability; `unsure`: it is asked, and it is no fault where it has no such list. */
  offers: (kind: ListKind) => 'yes' | 'no' | 'unsure';
  generation: () => ServerFacts['generation'];
  /** A list counts for so long, and a tenth less or more, where the server says nothing else. */
  maxAgeMs: number;
  random: () => number;
  /** Why the entry is left out; undefined: it is not. */
  whyNot: (kind: ListKind, item: ListedItem) => string | undefined;
  /** `isUnsure`: who does not know the list may never answer. */
  send: (method: string, paramsText: string, isUnsure: boolean) => Promise<UpstreamReply>;
  /** Read again, a list is not what it was. */
  onChanged: (kind: ListKind) => void;
  /** As long as the server said has passed since the list was read. */
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
      // Changed while it was read: what was read may be a mixture. Some servers say so at every reading.
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
      // Resources without templates are usual.
      if (isUnknownMethod(error) || offer === 'unsure') {
        const isFault = offer === 'yes' && kind !== 'templates';
        return isFault ? { ...NOTHING, faults: [`it declares ${capability} and does not know ${method}`] } : NOTHING;
      }
      throw error;
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
    // Not all at once.
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
      // Whoever asks next is told why it cannot be read.
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
