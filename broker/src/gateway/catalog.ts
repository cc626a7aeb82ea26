// What each server offers, under the names that clients see. Kept per server (and person or session, where its connections are), so that a
// call finds its tool without listing again.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import type { ServerRecord } from '../domain/server-record.ts';
import { placeOf, type Asker, type ListedItem, type ListKind, type Upstreams } from '../upstreams/upstream.ts';
import { exposedName } from './exposed-name.ts';
import { parseRecord } from '../upstreams/json-rpc-guard.ts';
import { resourceWhats, uriPrefix } from '../policy/judge.ts';
import type { Repeatable } from '../upstreams/retry-reason.ts';
import { markReservedMembers } from './reserved-text.ts';

export interface CatalogItem {
  /** The server's own name, URI or URI template. */
  ownKey: string;
  /** What clients of all servers see: `SERVER__NAME`, cut where it is too long, or `SERVER+URI`. */
  key: string;
  /** What rules speak of, never cut: `SERVER__TOOL`, `prompt:SERVER__NAME`, or `resource:URI` with the server's own URI and with the exposed one. */
  whats: readonly [string, ...string[]];
  /** What a tool's annotations say of calling it twice: hints of a stranger, for servers that are trusted about them. */
  repeatable: Repeatable | undefined;
  /** The entry as JSON text, under `key`. */
  text: string;
  /** The same under the server's own. */
  ownText: string;
}

export interface CatalogList {
  all: readonly CatalogItem[];
  byKey: ReadonlyMap<string, CatalogItem>;
  byOwnKey: ReadonlyMap<string, CatalogItem>;
}

export interface Catalog {
  known(kind: ListKind, server: ServerRecord, asker: Asker): CatalogList | undefined;
  /** Lists where it is not known, or has been for too long; callers at the same time share one listing. */
  list(kind: ListKind, server: ServerRecord, asker: Asker): Promise<CatalogList>;
  /** Reads it again when it is asked for next; calls go by it until then. */
  expire(list: { workspaceId: string; server: string; place: string | null; list: ListKind }): void;
  /** Forgets what may have changed. */
  forget(change: { workspaceId: string; server: string; place: string | null; list: ListKind | 'all' }): void;
}

/** Lists of people's own connections are kept for so many; the oldest goes first. */
const MAX_KEPT = 10_000;
/** A list that changes whenever it is read counts until it is asked for next. */
const MAX_TRIES = 3;
/** The loop is given back after so many. */
const ITEMS_A_TURN = 1_000;

export function createCatalog(upstreams: Upstreams): Catalog {
  const kept = new Map<string, CatalogList>();
  const expired = new Set<string>();
  const underWay = new Map<string, Promise<CatalogList>>();
  /** Grows with each `forget` of a server: a list that was read across it may be the list of before. */
  const forgets = new Map<string, number>();
  /** Lists that people share are made once, however many connections gave them. */
  const made = new WeakMap<readonly ListedItem[], Promise<CatalogList>>();

  const serverKey = (workspaceId: string, server: string): string => `${workspaceId}\n${server}\n`;
  const keyOf = (kind: ListKind, server: ServerRecord, asker: Asker): string =>
    `${serverKey(server.workspaceId, server.name)}${placeOf(server, asker) ?? ''}\n${kind}`;

  async function fetch(key: string, kind: ListKind, server: ServerRecord, asker: Asker): Promise<CatalogList> {
    const name = serverKey(server.workspaceId, server.name);
    for (let tries = 1; ; tries++) {
      const version = forgets.get(name);
      const session = await upstreams.acquire(server, asker);
      const listed = await session.list(kind, NEVER);
      const making = made.get(listed) ?? expose(kind, server.name, listed);
      made.set(listed, making);
      const list = await making;
      const isChanged = forgets.get(name) !== version;
      if (isChanged && tries < MAX_TRIES) continue;
      kept.set(key, list);
      if (isChanged) expired.add(key);
      else expired.delete(key);
      const oldest = kept.keys().next();
      if (kept.size > MAX_KEPT && oldest.done !== true) drop(oldest.value);
      return list;
    }
  }

  function drop(key: string): void {
    kept.delete(key);
    expired.delete(key);
  }

  return {
    known: (kind, server, asker) => kept.get(keyOf(kind, server, asker)),
    list(kind, server, asker) {
      const key = keyOf(kind, server, asker);
      const known = kept.get(key);
      if (known !== undefined && !expired.has(key)) return Promise.resolve(known);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const fetched = fetch(key, kind, server, asker);
      // An old list is of more use than none (2026-07-28, "Caching").
      const started = known === undefined ? fetched : fetched.catch(() => known);
      underWay.set(key, started);
      const over = () => {
        if (underWay.get(key) === started) underWay.delete(key);
      };
      started.then(over, over);
      return started;
    },
    expire({ workspaceId, server, place, list }) {
      const key = `${serverKey(workspaceId, server)}${place ?? ''}\n${list}`;
      if (kept.has(key)) expired.add(key);
    },
    forget({ workspaceId, server, place, list }) {
      const name = serverKey(workspaceId, server);
      forgets.set(name, (forgets.get(name) ?? 0) + 1);
      const prefix = place === null ? name : `${name}${place}\n`;
      for (const key of kept.keys()) {
        if (key.startsWith(prefix) && (list === 'all' || key.endsWith(`\n${list}`))) drop(key);
      }
    },
  };
}

const NEVER = new AbortController().signal;

/** The member that holds an entry's key, and those whose texts people read. */
const MEMBERS: Readonly<Record<ListKind, { key: string; texts: readonly string[] }>> = {
  tools: { key: 'name', texts: ['title', 'description'] },
  prompts: { key: 'name', texts: ['title', 'description'] },
  resources: { key: 'uri', texts: ['name', 'title', 'description'] },
  templates: { key: 'uriTemplate', texts: ['name', 'title', 'description'] },
};

async function expose(kind: ListKind, server: string, listed: readonly ListedItem[]): Promise<CatalogList> {
  const byKey = new Map<string, CatalogItem>();
  const byOwnKey = new Map<string, CatalogItem>();
  const { key: member, texts } = MEMBERS[kind];
  for (const [index, { key: ownKey, text }] of listed.entries()) {
    if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
    const { members } = scanObject(text);
    const at = findMember(members, member);
    const annotationsAt = kind === 'tools' ? findMember(members, 'annotations') : undefined;
    const { key, whats } = exposedAs(kind, server, ownKey);
    // Two names that are cut to the same one: the second cannot be called, so it is not shown.
    if (at === undefined || byKey.has(key)) continue;
    const renamed = text.slice(0, at.start) + JSON.stringify(key) + text.slice(at.end);
    const item: CatalogItem = {
      ownKey,
      key,
      whats,
      repeatable: annotationsAt && repeatableOf(text.slice(annotationsAt.start, annotationsAt.end)),
      text: markReservedMembers(renamed, texts, server),
      ownText: markReservedMembers(text, texts, server),
    };
    byKey.set(key, item);
    byOwnKey.set(ownKey, item);
  }
  return { all: [...byKey.values()], byKey, byOwnKey };
}

function repeatableOf(annotationsText: string): Repeatable | undefined {
  const annotations = parseRecord(annotationsText);
  if (annotations?.['readOnlyHint'] === true) return 'read_only';
  return annotations?.['idempotentHint'] === true ? 'idempotent' : undefined;
}

/** How a server's own name or URI is known to clients and to rules. */
export function exposedAs(kind: ListKind, server: string, own: string): Pick<CatalogItem, 'key' | 'whats'> {
  if (kind === 'tools') return { key: exposedName(server, own), whats: [`${server}__${own}`] };
  if (kind === 'prompts') return { key: exposedName(server, own), whats: [`prompt:${server}__${own}`] };
  return { key: uriPrefix(server) + own, whats: resourceWhats(server, own) };
}
