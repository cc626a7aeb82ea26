// `skills/list` and `events/list`: what the servers with these extensions list, as one list, with only what the caller may use. They are read when they
// are asked for; a server that does not answer in time is left out, as in other lists.
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isRecord, parseRecord, stringOf, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { ruleNames } from '../../policy/naming.ts';
import { placeOf, type UpstreamSession } from '../../upstreams/upstream.ts';
import { factsWithoutCall } from '../call/facts.ts';
import { markReservedMembers } from '../call/reserved-text.ts';
import { seenUriFor } from '../call/seen-uri.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { inTime } from '../lists/in-time.ts';
import { usableServers } from '../lists/usable-servers.ts';
import { resultReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { declares, EXTENSION } from './declared.ts';
import { withSeenSkill } from './skill-uris.ts';

const MAX_PAGES = 20;
const MAX_ITEMS = 2_000;
const MAX_CHARS = 4 * 1024 * 1024;

interface ListedEntry {
  text: string;
  value: JsonRecord;
}

interface ExtensionList {
  extension: string;
  member: string;
  /** What the client sees of an entry; undefined where the caller may not use it, or cannot. */
  seen(entry: ListedEntry, server: ServerRecord, scope: SessionScope, may: May): string | undefined;
}

type May = (kind: 'resources' | 'events', own: string, toolClass?: 'read' | 'write') => boolean;

const SKILLS: ExtensionList = {
  extension: EXTENSION.skills,
  member: 'skills',
  seen({ text, value }, server, scope, may) {
    const uri = stringOf(value['uri']);
    if (uri === undefined || !may('resources', uri)) return undefined;
    const seenUri = seenUriFor(scope, server);
    return seenUri === undefined ? text : withSeenSkill(text, seenUri);
  },
};

const EVENTS: ExtensionList = {
  extension: EXTENSION.events,
  member: 'events',
  seen({ value }, server, scope, may) {
    const name = stringOf(value['name']);
    if (name === undefined || !Array.isArray(value['delivery'])) return undefined;
    const delivery = value['delivery'].filter((mode) => may('events', name, mode === 'webhook' ? 'write' : 'read'));
    if (delivery.length === 0) return undefined;
    const text = JSON.stringify({ ...value, name: seenEvent(scope, server, name), delivery });
    return markReservedMembers(text, ['title', 'description'], server.name);
  },
};

const LISTS: ReadonlyMap<string, ExtensionList> = new Map([
  ['skills/list', SKILLS],
  ['events/list', EVENTS],
]);

/** An event type as the client sees it: `SERVER__NAME`. Its name goes to no model, so that it is never cut. */
export function seenEvent({ only }: Pick<SessionScope, 'only'>, server: ServerRecord, own: string): string {
  return only === undefined ? `${server.name}__${own}` : own;
}

/** Rejects where the rules cannot be read. */
export async function listOfExtension(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { method } = handling.request;
  const list = LISTS.get(method);
  if (list === undefined) return resultReply('{}');
  const { principal } = scope;
  const policy = await parts.policies.get(principal.workspaceId);
  const servers = await usableServers(parts, scope);
  const read = await Promise.all(
    servers.map((server) => inTime(parts, server, scope, method, entriesOf(parts, scope, server, list, handling))),
  );
  const facts = factsWithoutCall(parts, scope);
  const texts: string[] = [];
  let chars = 0;
  for (const [index, server] of servers.entries()) {
    const may: May = (kind, own, toolClass) => {
      const names = ruleNames(kind, server.name, own, toolClass);
      return policy.foresee({ principal, server: server.name, names, facts }).decision !== 'deny';
    };
    for (const entry of read[index] ?? []) {
      const text = list.seen(entry, server, scope, may);
      chars += text?.length ?? 0;
      if (text !== undefined && chars <= MAX_CHARS) texts.push(text);
    }
  }
  return resultReply(`{"${list.member}":[${texts.join(',')}]}`);
}

/** The servers of the session that have the extension and of which the caller may use something. */
export async function serversWith(
  parts: GatewayParts,
  scope: SessionScope,
  extension: string,
): Promise<ServerRecord[]> {
  const servers = await usableServers(parts, scope);
  const having = await Promise.all(
    servers.map(async (server) => {
      const known = parts.upstreams.facts(server, scope.requester);
      const facts =
        known ??
        (await inTime(
          parts,
          server,
          scope,
          'handshake',
          parts.upstreams.acquire(server, scope.requester).then((session) => session.facts),
        ));
      return facts !== undefined && declares(facts, extension) ? [server] : [];
    }),
  );
  return having.flat();
}

async function entriesOf(
  parts: GatewayParts,
  scope: SessionScope,
  server: ServerRecord,
  list: ExtensionList,
  { request: { method }, signal }: Handling,
): Promise<ListedEntry[]> {
  const session = await parts.upstreams.acquire(server, scope.requester);
  if (!declares(session.facts, list.extension)) return [];
  const place = placeOf(server, scope.requester);
  return await pagesOf(session, method, list.member, signal, place === null ? undefined : scope);
}

/** Bounded, and whole up to there: clients must not take such a list as proof of what is missing (Skills, "Listing Skills"). */
async function pagesOf(
  session: UpstreamSession,
  method: string,
  member: string,
  signal: AbortSignal,
  scope: SessionScope | undefined,
): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = [];
  let paramsText = '{}';
  let chars = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await session.request({
      method,
      paramsText,
      signal,
      ...(scope !== undefined && { requester: scope.requester }),
    });
    if (reply.kind === 'error') return entries;
    const { members } = scanObject(reply.text);
    const at = findMember(members, member);
    if (at === undefined || reply.text.charAt(at.start) !== '[') return entries;
    for (const { start, end } of scanArray(reply.text, at.start)) {
      const text = reply.text.slice(start, end);
      const value = parseRecord(text);
      chars += text.length;
      if (entries.length === MAX_ITEMS || chars > MAX_CHARS) return entries;
      if (value !== undefined && isRecord(value)) entries.push({ text, value });
    }
    const cursor = findMember(members, 'nextCursor');
    const cursorText = cursor && reply.text.slice(cursor.start, cursor.end);
    if (cursorText === undefined || !/^"./.test(cursorText)) return entries;
    paramsText = `{"cursor":${cursorText}}`;
  }
  return entries;
}
