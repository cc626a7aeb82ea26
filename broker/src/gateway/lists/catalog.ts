// Keeps the lists of all servers, under the names that clients see, so that a call finds its tool without listing again. A server has one set
// of lists, or one for each person or session where its connections are not shared.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Definitions, ReviewedList } from '../../definitions/definitions.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import { placeOf, type Requester, type Upstreams } from '../../upstreams/upstream.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { exposedUri, ruleNames, toolClassOf, type RuleNames } from '../../policy/naming.ts';
import type { Repeatable } from '../../upstreams/remedy.ts';
import { markReservedMembers } from '../call/reserved-text.ts';
import { appReferences, appUris, seenUriText } from '../call/seen-uri.ts';
import type { SessionScope } from '../session-scope.ts';

export interface CatalogItem {
  /** The server's own name, URI or URI template. */
  ownKey: string;
  /** The name in sessions with all servers: `SERVER__NAME`, shortened where it is too long, or the URI of `exposedUri`. */
  key: string;
  /**
   * The names that rules use, never shortened: `SERVER__TOOL`, `prompt:SERVER__NAME`, or `resource:URI` with the server's own URI and with the
   * exposed one.
   */
  ruleNames: RuleNames;
  /** Whether a tool may be called twice, by its annotations. These are claims of the server, and count only where its record trusts them. */
  repeatable: Repeatable | undefined;
  /** The server's own URIs of the resources that show what a tool does (MCP Apps). */
  opens?: readonly string[];
  /** It is mcpgate's and no server's: whoever may use anything of the server may use it, unless a rule denies it by its name. */
  isOwn?: boolean;
  /** The entry as JSON text, named `key`. */
  text: string;
  /** The entry as JSON text, named `ownKey`. */
  ownText: string;
  /** Both texts for clients up to 2025-11-25, where they must differ. */
  legacy?: { text: string; ownText: string };
}

/** Something that a server lists and that waits for a person, so that it is neither listed nor called. */
export type HeldItem = Pick<CatalogItem, 'ownKey' | 'key' | 'ruleNames'>;

export interface CatalogList {
  all: readonly CatalogItem[];
  byKey: ReadonlyMap<string, CatalogItem>;
  byOwnKey: ReadonlyMap<string, CatalogItem>;
  /** Undefined: nothing is held. */
  held?: readonly HeldItem[];
}

export interface Catalog {
  /** The list if it is known, however old it is. */
  known(kind: ListKind, server: ServerRecord, requester: Requester): CatalogList | undefined;
  /** The list if it is known and not too old. */
  fresh(kind: ListKind, server: ServerRecord, requester: Requester): CatalogList | undefined;
  /** The list; reads it from the server where it is unknown or too old. Callers at the same time share one reading. */
  list(kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList>;
  /** Reads the list from the server now, because a name was not found in it. Undefined: it was read a moment ago. */
  again(kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList> | undefined;
  /** Marks the list as too old: `list` reads it again, `known` still has it. */
  expire(list: { workspaceId: string; server: string; place: string | null; list: ListKind }): void;
  /** Forgets lists that have changed. */
  forget(change: { workspaceId: string; server: string; place: string | null; list: ListKind | 'all' }): void;
}

/** How many lists of connections of one person or session are kept; the oldest is dropped first. */
const MAX_KEPT = 10_000;
/** How often a list is read again because it changed while it was read. */
const MAX_TRIES = 3;
/** How many entries are handled before other work on the event loop gets its turn. */
const ITEMS_A_TURN = 1_000;

/** `again` reads a list of a server at most once in this time, and its readings take at most one part in `AGAIN_PART` of all time. */
const AGAIN_MS = 2_000;
const AGAIN_PART = 20;

export function createCatalog(
  upstreams: Upstreams,
  definitions: Pick<Definitions, 'review'>,
  clock: Pick<Clock, 'now'>,
): Catalog {
  const kept = new Map<string, CatalogList>();
  const expired = new Set<string>();
  const underWay = new Map<string, Promise<CatalogList>>();
  const againUnderWay = new Map<string, Promise<CatalogList>>();
  /** From when on `again` may read a list (ms since the epoch), by server and kind. */
  const againAt = new Map<string, number>();
  /** Counts the `forget`s of each server: a list whose reading began before one may be outdated. */
  const forgets = new Map<string, number>();
  /** Lists that were made already: connections that share a server's answer share the list. */
  const made = new WeakMap<ReviewedList, { list: Promise<CatalogList>; classes: string }>();

  const serverKey = (workspaceId: string, server: string): string => `${workspaceId}\n${server}\n`;
  const keyOf = (kind: ListKind, server: ServerRecord, requester: Requester): string =>
    `${serverKey(server.workspaceId, server.name)}${placeOf(server, requester) ?? ''}\n${kind}`;

  async function fetch(key: string, kind: ListKind, server: ServerRecord, requester: Requester): Promise<CatalogList> {
    const name = serverKey(server.workspaceId, server.name);
    for (let tries = 1; ; tries++) {
      const version = forgets.get(name);
      const session = await upstreams.acquire(server, requester);
      const listed = await session.list(kind, NEVER);
      const reviewed = await definitions.review(server, kind, requester, listed);
      const classes = JSON.stringify(server.toolClasses);
      const before = made.get(reviewed);
      const making = before?.classes === classes ? before.list : expose(kind, server, reviewed);
      made.set(reviewed, { list: making, classes });
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
      // One bound for all connections to a server, however many there are.
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
      // Where the reading fails, the old list is better than none (MCP 2026-07-28, "Caching").
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

/** By the kind of list: the member that names an entry, and the members with texts for people. */
const MEMBERS: Readonly<Record<ListKind, { key: string; texts: readonly string[] }>> = {
  tools: { key: 'name', texts: ['title', 'description'] },
  prompts: { key: 'name', texts: ['title', 'description'] },
  resources: { key: 'uri', texts: ['name', 'title', 'description'] },
  templates: { key: 'uriTemplate', texts: ['name', 'title', 'description'] },
};

async function expose(kind: ListKind, record: ServerRecord, { items, held }: ReviewedList): Promise<CatalogList> {
  const server = record.name;
  const byKey = new Map<string, CatalogItem>();
  const byOwnKey = new Map<string, CatalogItem>();
  const { key: member, texts } = MEMBERS[kind];
  for (const [index, { key: ownKey, text, legacyText }] of items.entries()) {
    if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
    const { members } = scanObject(text);
    const opens = kind === 'tools' ? appUris(text, members) : [];
    const annotationsAt = kind === 'tools' ? findMember(members, 'annotations') : undefined;
    const repeatable = annotationsAt && repeatableOf(text.slice(annotationsAt.start, annotationsAt.end));
    const exposed = exposedAs(kind, record, ownKey, repeatable === 'read_only');
    const { key } = exposed;
    // Two names were shortened to the same one: the second could not be called, so it is left out.
    if (byKey.has(key)) continue;
    const shown = (own: string) => ({
      text: markReservedMembers(withSeenReferences(renamed(own, member, key), server), texts, server),
      ownText: markReservedMembers(own, texts, server),
    });
    const item: CatalogItem = {
      ownKey,
      ...exposed,
      repeatable,
      ...(opens.length > 0 && { opens }),
      ...shown(text),
      ...(legacyText !== undefined && { legacy: shown(legacyText) }),
    };
    byKey.set(key, item);
    byOwnKey.set(ownKey, item);
  }
  return {
    ...{ all: [...byKey.values()], byKey, byOwnKey },
    ...(held.length > 0 && { held: held.map((ownKey) => ({ ownKey, ...exposedAs(kind, record, ownKey, false) })) }),
  };
}

function renamed(text: string, member: string, key: string): string {
  const at = findMember(scanObject(text).members, member);
  return at === undefined ? text : text.slice(0, at.start) + JSON.stringify(key) + text.slice(at.end);
}

/** The text of an entry in which what refers to a resource of the server leads to it as it is listed. */
function withSeenReferences(text: string, server: string): string {
  let seen = text;
  for (const { start, end } of appReferences(text, scanObject(text).members).toReversed()) {
    const uriText = seenUriText(text.slice(start, end), (own) => exposedUri(server, own));
    if (uriText !== undefined) seen = seen.slice(0, start) + uriText + seen.slice(end);
  }
  return seen;
}

/** The name and the JSON text of an entry, as this client sees them. */
export function asShown(item: CatalogItem, { only, requester }: SessionScope): { key: string; text: string } {
  const { text, ownText } = (requester.generation === 'legacy' ? item.legacy : undefined) ?? item;
  return only === undefined ? { key: item.key, text } : { key: item.ownKey, text: ownText };
}

function repeatableOf(annotationsText: string): Repeatable | undefined {
  const annotations = parseRecord(annotationsText);
  if (annotations?.['readOnlyHint'] === true) return 'read_only';
  return annotations?.['idempotentHint'] === true ? 'idempotent' : undefined;
}

/** The names under which clients and rules know a server's own name or URI. */
function exposedAs(
  kind: ListKind,
  record: ServerRecord,
  own: string,
  saysItReads: boolean,
): Pick<CatalogItem, 'key' | 'ruleNames'> {
  const server = record.name;
  const isName = kind === 'tools' || kind === 'prompts';
  return {
    key: isName ? exposedName(server, own) : exposedUri(server, own),
    ruleNames: ruleNames(kind, server, own, toolClassOf(record, own, saysItReads)),
  };
}
