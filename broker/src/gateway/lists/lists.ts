// Answers the list methods with the lists of all servers of the session as one, in pages, and only with entries that the caller may use. A server
// that does not answer within the deadline is left out; the client is told when its list is there.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { CompiledPolicy, Question } from '../../policy/verdict.ts';
import { LISTS } from '../../upstreams/session/list-pages.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import { asShown, type CatalogItem, type CatalogList } from './catalog.ts';
import { verdictOnConnecting } from '../../policy/connecting.ts';
import { listToConnect } from '../accounts/connect-tool.ts';
import { inTime } from './in-time.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { errorReply, resultReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';

const PAGE_ITEMS = 500;
/** The most characters of one page, which clients read as one message. */
const PAGE_CHARS = 4 * 1024 * 1024;
/** How many entries are judged before other work on the event loop gets its turn. */
const ITEMS_A_TURN = 2_000;
const FIRST = { list: 0, item: 0 };

/** The kind of list, by method. */
export const LIST_METHODS: ReadonlyMap<string, ListKind> = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'templates'],
]);

export interface ReachableServer {
  server: ServerRecord;
  /** The entries that the caller may use; undefined: the list was not there in time. */
  allowed: readonly CatalogItem[] | undefined;
}

/**
 * The servers of which the caller may use something. `onLate` is called for each server whose list comes after the deadline. Throws
 * `unavailable` where the rules cannot be read.
 */
export async function reachableServers(
  parts: GatewayParts,
  scope: SessionScope,
  kind: ListKind,
  onLate: () => void,
): Promise<ReachableServer[]> {
  const caller = callerOf(parts, scope);
  const { policy, lists } = await listsOf(parts, scope, kind, onLate);
  const reachable: ReachableServer[] = [];
  for (const { server, list } of lists) {
    const allowed = list && (await allowedOf(policy, caller, server, list.all, 0, Infinity));
    reachable.push({ server, allowed });
  }
  return reachable;
}

type Caller = Pick<Question, 'principal' | 'facts'>;

const callerOf = (parts: GatewayParts, scope: SessionScope): Caller => ({
  principal: scope.principal,
  facts: factsWithoutCall(parts, scope),
});

/** At most `limit` entries that the caller may use, from an index on. */
async function allowedOf(
  policy: CompiledPolicy,
  caller: Caller,
  server: ServerRecord,
  items: readonly CatalogItem[],
  from: number,
  limit: number,
): Promise<CatalogItem[]> {
  const allowed: CatalogItem[] = [];
  let judged = 0;
  for (let at = from; at < items.length && allowed.length < limit; at++) {
    const item = items[at];
    if (++judged % ITEMS_A_TURN === 0) await nextTurn();
    if (item === undefined) continue;
    const verdict =
      item.isOwn === true
        ? verdictOnConnecting(policy, { ...caller, server: server.name })
        : policy.foresee({ ...caller, server: server.name, names: item.ruleNames });
    if (verdict.decision !== 'deny') allowed.push(item);
  }
  return allowed;
}

interface ServerList {
  server: ServerRecord;
  /** Undefined: the list was not there in time. */
  list: CatalogList | undefined;
}

async function listsOf(
  parts: GatewayParts,
  scope: SessionScope,
  kind: ListKind,
  onLate: () => void,
): Promise<{ policy: CompiledPolicy; lists: ServerList[] }> {
  const { principal, requester } = scope;
  const policy = await parts.policies.get(principal.workspaceId);
  // Servers of which the caller may use nothing are not started.
  const servers = serversOf(parts.upstreams, scope).filter(({ name }) => policy.mayUse(principal, name));
  const lists = await Promise.all(
    servers.map(
      async (server) =>
        parts.catalog.fresh(kind, server, requester) ??
        (await inTime(parts, server, scope, kind, readList(parts, scope, kind, server), onLate)) ??
        // An old list is better than none.
        parts.catalog.known(kind, server, requester),
    ),
  );
  return { policy, lists: servers.map((server, index) => ({ server, list: lists[index] })) };
}

/** A server's list; of one that lists no tools before its caller has an account there, the tool that makes one. */
export async function readList(
  parts: GatewayParts,
  scope: SessionScope,
  kind: ListKind,
  server: ServerRecord,
): Promise<CatalogList> {
  const list = parts.catalog.list(kind, server, scope.requester);
  return kind === 'tools'
    ? await list.catch((error: unknown) => listToConnect(parts, scope, server, error))
    : await list;
}

export async function listKind(
  parts: GatewayParts,
  scope: SessionScope,
  { request, onLate }: Pick<Handling, 'request' | 'onLate'>,
  kind: ListKind,
): Promise<Reply> {
  const { policy, lists } = await listsOf(parts, scope, kind, () => onLate(kind));
  if (scope.only !== undefined && lists.length === 0) {
    const message = `[mcpgate] there is no server or bundle ${JSON.stringify(scope.only.slice(0, 100))} that you may use`;
    return errorReply(RPC_CODE.invalidParams, message);
  }
  const cursor = request.params['cursor'];
  let start = FIRST;
  if (cursor !== undefined) {
    const found = typeof cursor === 'string' ? placeAfter(lists, cursor) : undefined;
    if (found === undefined)
      return errorReply(RPC_CODE.invalidParams, 'the cursor is none that was given here; list from the start');
    start = found;
  }
  const caller = callerOf(parts, scope);
  const items: { item: CatalogItem; server: ServerRecord; list: CatalogList }[] = [];
  for (const [index, { server, list }] of lists.entries()) {
    if (index < start.list || list === undefined || items.length > PAGE_ITEMS) continue;
    const from = index === start.list ? start.item : 0;
    // One entry more than a page holds shows that there is another page.
    const limit = PAGE_ITEMS + 1 - items.length;
    const allowed = await allowedOf(policy, caller, server, list.all, from, limit);
    items.push(...allowed.map((item) => ({ item, server, list })));
  }
  const texts: string[] = [];
  let chars = 0;
  for (const { item } of items.slice(0, PAGE_ITEMS)) {
    const { text } = asShown(item, scope);
    chars += text.length;
    if (texts.length > 0 && chars > PAGE_CHARS) break;
    texts.push(text);
  }
  const page = items.slice(0, texts.length);
  const last = page.at(-1);
  const next =
    last !== undefined && items.length > page.length
      ? `,"nextCursor":"${cursorAfter(last.server, last.list, last.item)}"`
      : '';
  return resultReply(`{"${LISTS[kind].member}":[${texts.join(',')}]${next}}`);
}

/** The cursor behind a page's last entry: the server, the entry's index and its name, because lists may change between two pages. */
function cursorAfter(server: ServerRecord, list: CatalogList, item: CatalogItem): string {
  const position = [server.name, list.all.indexOf(item), item.key];
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

/**
 * Where the page after a cursor begins: behind the cursor's entry; where that entry is gone, at its former index; where the server's list is
 * missing, at the next server. In these cases the client is also told that the list has changed. Undefined: the cursor is not mcpgate's.
 */
function placeAfter(lists: readonly ServerList[], cursor: string): typeof FIRST | undefined {
  const position = parseArray(Buffer.from(cursor, 'base64url').toString());
  const [name, index, key] = position ?? [];
  if (typeof name !== 'string' || typeof index !== 'number' || index < 0 || typeof key !== 'string') return undefined;
  const at = lists.findIndex(({ server }) => server.name >= name);
  const found = lists[at];
  if (found === undefined) return { list: lists.length, item: 0 };
  if (found.server.name !== name || found.list === undefined) return { list: at, item: 0 };
  const item = found.list.byKey.get(key);
  return { list: at, item: item === undefined ? Math.trunc(index) : found.list.all.indexOf(item) + 1 };
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  } catch {
    // The text is no JSON, so it is no cursor; the caller makes the error.
    return undefined;
  }
}
