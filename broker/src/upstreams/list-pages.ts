// All pages of one of a server's lists, each entry as the text it was sent as.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanArray, scanObject } from 'mcpgate-shared/json-span';
import { parseRecord, stringOf } from './json-rpc-guard.ts';
import { quoteForeign } from './quote-foreign.ts';
import type { ListedItem, ListKind, UpstreamReply } from './upstream.ts';

const MAX_PAGES = 1_000;
const MAX_ITEMS = 100_000;
/** The loop is given back after so many. */
const ITEMS_A_TURN = 1_000;

/** How each list is asked for, where its entries stand in the result, and what names an entry. */
export const LISTS: Readonly<Record<ListKind, { method: string; member: string; key: string; capability: string }>> = {
  tools: { method: 'tools/list', member: 'tools', key: 'name', capability: 'tools' },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name', capability: 'prompts' },
  resources: { method: 'resources/list', member: 'resources', key: 'uri', capability: 'resources' },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
  },
};

/** `send` sends the list's method with the given params. `ttlMs`: how long the server says that the list keeps (from 2026-07-28 on). Throws GateError `upstream` where the list is no list. */
export async function listPages(
  serverName: string,
  kind: ListKind,
  send: (paramsText: string) => Promise<UpstreamReply>,
): Promise<{ items: readonly ListedItem[]; ttlMs: number | undefined }> {
  const { method, member, key } = LISTS[kind];
  const items = new Map<string, ListedItem>();
  const seen = new Set<string>();
  let cursor: string | undefined;
  let ttlMs: number | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await send(cursor === undefined ? '{}' : JSON.stringify({ cursor }));
    if (reply.kind === 'error') {
      const message = stringOf(parseRecord(reply.text)?.['message']) ?? 'no reason given';
      throw new GateError('upstream', `server ${serverName} refused ${method}: ${quoteForeign(message)}`);
    }
    const result = parseRecord(reply.text);
    const span = findMember(scanObject(reply.text).members, member);
    if (result === undefined || span === undefined || !Array.isArray(result[member])) {
      throw new GateError('upstream', `server ${serverName} answered ${method} without a list of ${member}`);
    }
    for (const [index, item] of scanArray(reply.text, span.start).entries()) {
      if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
      const text = onOneLine(reply.text.slice(item.start, item.end));
      const name = stringOf(parseRecord(text)?.[key]);
      // The first of a name counts; an entry without one cannot be asked for.
      if (name !== undefined && name !== '' && !items.has(name)) items.set(name, { key: name, text });
      if (items.size > MAX_ITEMS)
        throw new GateError('upstream', `server ${serverName} lists more than ${MAX_ITEMS} ${member}`);
    }
    const keepsMs = result['ttlMs'];
    if (typeof keepsMs === 'number') ttlMs = Math.min(ttlMs ?? keepsMs, keepsMs);
    cursor = stringOf(result['nextCursor']);
    if (cursor === undefined) return { items: [...items.values()], ttlMs };
    if (seen.has(cursor)) throw new GateError('upstream', `${method} of server ${serverName} runs in a circle`);
    seen.add(cursor);
  }
  throw new GateError('upstream', `${method} of server ${serverName} has more than ${MAX_PAGES} pages`);
}
