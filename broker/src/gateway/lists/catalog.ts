// What each server offers, under the names that clients see. Kept per server (and person or session, where its connections are), so that a
// call finds its tool without listing again.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import { placeOf, type Requester, type ListedItem, type Upstreams } from '../../upstreams/upstream.ts';
import { exposedName } from './exposed-name.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { ruleNames, uriPrefix, type RuleNames } from '../../policy/naming.ts';
import type { Repeatable } from '../../upstreams/remedy.ts';
import { markReservedMembers } from '../call/reserved-text.ts';
import type { SessionScope } from '../session-scope.ts';

export interface CatalogItem {
  /** The server's own name, URI or URI template. */
  ownKey: string;
  /** What clients of all servers see: `SERVER__NAME`, cut where it is too long, or `SERVER+URI`. */
  key: string;
  /** What rules speak of, never cut: `SERVER__TOOL`, `prompt:SERVER__NAME`, or `resource:URI` with the server's own URI and with the exposed one. */
  ruleNames: RuleNames;
  /** What a tool's annotations say of calling it twice: hints of a stranger, for servers that are trusted about them. */
  repeatable: Repeatable | undefined;
  /** The entry as JSON text, under `key`. */
  text: string;
  /** The same under the server's own. */
  ownText: string;
  /** Both for clients up to 2025-11-25, where these cannot take the others. */
  legacy?: { text: string; ownText: string };
}

export interface CatalogList {
  all: readonly CatalogItem[];
  byKey: ReadonlyMap<string, CatalogItem>;
  byOwnKey: ReadonlyMap<string, CatalogItem>;
}

export interface Catalog {
  /** It may have been known for too long. */
  known(kind: ListKind, server: ServerRecord, requester: Requester): CatalogList | undefined;
  /** Known, and not for too long. */
  fresh(kind: ListKind, server: ServerRecord, requester: Requester): CatalogList | undefined;
  /** Lists where it is not known, or has been for too long; callers at the same time share one listing. */
  list(kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList>;
  /** Reads it from the server now: something is asked for that is not in it. Undefined: that was done a moment ago. */
  again(kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList> | undefined;
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

/** Whatever is asked for, a server is not asked for its list again sooner, */
const AGAIN_MS = 2_000;
/** nor for more than this part of the time. */
const AGAIN_PART = 20;

export function createCatalog(upstreams: Upstreams, clock: Pick<Clock, 'now'>): Catalog {
  const kept = new Map<string, CatalogList>();
  const expired = new Set<string>();
  const underWay = new Map<string, Promise<CatalogList>>();
  const againUnderWay = new Map<string, Promise<CatalogList>>();
  /** Since when a list may be asked for again, by server and kind. */
  const againAt = new Map<string, number>();
  /** Grows with each `forget` of a server: a list that was read across it may be the list of before. */
  const forgets = new Map<string, number>();
  /** Lists that people share are made once, however many connections gave them. */
  const made = new WeakMap<readonly ListedItem[], Promise<CatalogList>>();

  const serverKey = (workspaceId: string, server: string): string => `${workspaceId}\n${server}\n`;
  const keyOf = (kind: ListKind, server: ServerRecord, requester: Requester): string =>
    `${serverKey(server.workspaceId, server.name)}${placeOf(server, requester) ?? ''}\n${kind}`;

  async function fetch(key: string, kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList> {
    const name = serverKey(server.workspaceId, server.name);
    for (let tries = 1; ; tries++) {
      const version = forgets.get(name);
      const session = await upstreams.acquire(server, requester);
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

  async function readAgain(
    key: string,
    kind: ListKind,
    server: ServerRecord,
    requester: Requester,
  ): Promise<CatalogList> {
    const session = await upstreams.acquire(server, requester);
    await session.listAgain(kind, NEVER);
    return await fetch(key, kind, server, requester);
  }

  return {
    known: (kind, server, requester) => kept.get(keyOf(kind, server, requester)),
    fresh(kind, server, requester) {
      const key = keyOf(kind, server, requester);
      return expired.has(key) ? undefined : kept.get(key);
    },
    again(kind, server, requester) {
      const key = keyOf(kind, server, requester);
      const running = againUnderWay.get(key);
      if (running !== undefined) return running;
      // One bound for all places of a server: whoever has many is no excuse to ask it often.
      const bound = `${server.id}\n${kind}`;
      const startedAt = clock.now();
      if ((againAt.get(bound) ?? 0) > startedAt) return undefined;
      againAt.set(bound, startedAt + AGAIN_MS);
      const read = readAgain(key, kind, server, requester);
      againUnderWay.set(key, read);
      const over = () => {
        againUnderWay.delete(key);
        const tookMs = clock.now() - startedAt;
        againAt.set(bound, clock.now() + Math.max(AGAIN_MS, tookMs * AGAIN_PART));
      };
      read.then(over, over);
      return read;
    },
    list(kind, server, requester) {
      const key = keyOf(kind, server, requester);
      const known = kept.get(key);
      if (known !== undefined && !expired.has(key)) return Promise.resolve(known);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const fetched = fetch(key, kind, server, requester);
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
  for (const [index, { key: ownKey, text, legacyText }] of listed.entries()) {
    if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
    const { members } = scanObject(text);
    const annotationsAt = kind === 'tools' ? findMember(members, 'annotations') : undefined;
    const exposed = exposedAs(kind, server, ownKey);
    const { key } = exposed;
    // Two names that are cut to the same one: the second cannot be called, so it is not shown.
    if (byKey.has(key)) continue;
    const shown = (own: string) => ({
      text: markReservedMembers(renamed(own, member, key), texts, server),
      ownText: markReservedMembers(own, texts, server),
    });
    const item: CatalogItem = {
      ownKey,
      ...exposed,
      repeatable: annotationsAt && repeatableOf(text.slice(annotationsAt.start, annotationsAt.end)),
      ...shown(text),
      ...(legacyText !== undefined && { legacy: shown(legacyText) }),
    };
    byKey.set(key, item);
    byOwnKey.set(ownKey, item);
  }
  return { all: [...byKey.values()], byKey, byOwnKey };
}

function renamed(text: string, member: string, key: string): string {
  const at = findMember(scanObject(text).members, member);
  return at === undefined ? text : text.slice(0, at.start) + JSON.stringify(key) + text.slice(at.end);
}

/** The key and the entry as this client sees them. */
export function asShown(item: CatalogItem, { only, requester }: SessionScope): { key: string; text: string } {
  const { text, ownText } = (requester.generation === 'legacy' ? item.legacy : undefined) ?? item;
  return only === undefined ? { key: item.key, text } : { key: item.ownKey, text: ownText };
}

function repeatableOf(annotationsText: string): Repeatable | undefined {
  const annotations = parseRecord(annotationsText);
  if (annotations?.['readOnlyHint'] === true) return 'read_only';
  return annotations?.['idempotentHint'] === true ? 'idempotent' : undefined;
}

/** How a server's own name or URI is known to clients and to rules. */
function exposedAs(kind: ListKind, server: string, own: string): Pick<CatalogItem, 'key' | 'ruleNames'> {
  const isName = kind === 'tools' || kind === 'prompts';
  return {
    key: isName ? exposedName(server, own) : uriPrefix(server) + own,
    ruleNames: ruleNames(kind, server, own),
  };
}
