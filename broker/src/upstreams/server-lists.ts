// The lists of one connection: each read once, kept until the server says that it changed, or for as long as it says that it may be kept.
import type { Clock } from 'mcpgate-shared/clock';
import { listPages, LISTS } from './list-pages.ts';
import { untilAborted } from './until-aborted.ts';
import type { ListedItem, ListKind, UpstreamReply } from './upstream.ts';

export interface ServerLists {
  /** Rejects as soon as `signal` is aborted; what it waited for goes on for others. */
  get(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The list, where it is known; it may be out of date. */
  known(kind: ListKind): readonly ListedItem[] | undefined;
  forget(kind: ListKind): void;
  /** Reads a list that is known once more, in the background. */
  refresh(kind: ListKind): void;
  close(): void;
}

interface Kept {
  items: readonly ListedItem[];
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
  /** Whether the server declared the list's capability. */
  offers: (kind: ListKind) => boolean;
  /** False: the entry is left out. */
  accepts: (kind: ListKind, item: ListedItem) => boolean;
  send: (method: string, paramsText: string) => Promise<UpstreamReply>;
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
      const { method } = LISTS[kind];
      const found = options.offers(kind)
        ? await listPages(serverName, kind, (paramsText) => options.send(method, paramsText))
        : { items: [], ttlMs: undefined };
      // Changed while it was read: what was read may be a mixture. Some servers say so at every reading.
      const isMixed = versions.get(kind) !== version;
      if (isMixed && tries < MAX_TRIES) continue;
      return keep(
        kind,
        found.items.filter((item) => options.accepts(kind, item)),
        isMixed ? MIN_FRESH_MS : found.ttlMs,
      );
    }
  }

  function keep(kind: ListKind, items: readonly ListedItem[], ttlMs: number | undefined): readonly ListedItem[] {
    const before = kept.get(kind);
    before?.cancel();
    const isSame =
      before?.items.length === items.length && before.items.every(({ text }, index) => text === items[index]?.text);
    const entry: Kept = { items: isSame ? before.items : items, isStale: false, cancel: () => undefined };
    kept.set(kind, entry);
    if (ttlMs !== undefined) {
      entry.cancel = clock.after(Math.min(Math.max(ttlMs, MIN_FRESH_MS), MAX_FRESH_MS), () => {
        entry.isStale = true;
        options.onStale(kind);
      });
    }
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
    close() {
      for (const { cancel } of kept.values()) cancel();
    },
  };
}
