// All pages of one of a server's lists, each entry as the text it was sent as, or as AI clients can take it (tidy/entry.ts). Whatever is wrong
// with a page or an entry, what was read counts, and what is wrong is said.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toGateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { AttemptError, attemptOf } from '../attempt.ts';
import { createFaults, type Faults } from './faults.ts';
import { parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { tidyEntry } from './tidy/entry.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamReply } from '../upstream.ts';

const MAX_PAGES = 1_000;
const MAX_ITEMS = 100_000;
const MAX_CHARS = 128 * 1024 * 1024;
/** So many pages in a row may bring nothing new. */
const MAX_EMPTY_PAGES = 20;
/** All pages together take no longer. */
const MAX_MS = 120_000;
/** The loop is given back after so many. */
const ITEMS_A_TURN = 1_000;
/** What was not read to its end is read again after so long. */
const PARTIAL_TTL_MS = 60_000;

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

export interface ReadList {
  items: readonly ListedItem[];
  /** How long the list keeps, by the server (from 2026-07-28 on) or because it is not whole. */
  ttlMs: number | undefined;
  /** What is wrong with it. */
  faults: readonly string[];
}

export interface PagesToRead {
  serverName: string;
  kind: ListKind;
  generation: ServerFacts['generation'];
  nowMs: () => number;
  /** Sends the list's method with the given params. */
  send: (paramsText: string) => Promise<UpstreamReply>;
}

/** Throws GateError where the first page cannot be had. */
export async function listPages(pages: PagesToRead): Promise<ReadList> {
  const { kind, nowMs } = pages;
  const { method } = LISTS[kind];
  const faults = createFaults();
  const items = new Map<string, ListedItem>();
  const seen = new Set<string>();
  const endAt = nowMs() + MAX_MS;
  let paramsText = '{}';
  let ttlMs: number | undefined;
  let chars = 0;
  let empty = 0;
  const over = (why?: string): ReadList => {
    if (why === undefined) return { items: [...items.values()], ttlMs, faults: faults.lines };
    faults.addOfList(`${method}: ${why}; the first ${items.size} entries count`);
    return {
      items: [...items.values()],
      ttlMs: Math.min(ttlMs ?? PARTIAL_TTL_MS, PARTIAL_TTL_MS),
      faults: faults.lines,
    };
  };
  for (let page = 1; page <= MAX_PAGES; page++) {
    const read = await readPage(pages, paramsText).catch((error: unknown) => {
      // A connection that ends is another matter, and so is the first page.
      if (page === 1 || toGateError(error).code === 'cancelled') throw error;
      return toGateError(error).message;
    });
    if (typeof read === 'string') return over(`page ${page} could not be read (${read})`);
    if (typeof read.ttlMs === 'number') ttlMs = Math.min(ttlMs ?? read.ttlMs, read.ttlMs);
    const before = items.size;
    if (read.entries === undefined) faults.addOfList(`${method}: it answered without a list of ${LISTS[kind].member}`);
    for (const [index, { text, value }] of (read.entries ?? []).entries()) {
      if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
      const item = itemOf(pages, text, value, faults);
      if (item === undefined) continue;
      // The first of a name counts.
      if (items.has(item.key)) {
        faults.add(`${kind}: ${quoteForeign(item.key)} stands twice; the first one counts`);
        continue;
      }
      chars += item.text.length;
      if (items.size === MAX_ITEMS || chars > MAX_CHARS) return over('the list is too long');
      items.set(item.key, item);
    }
    empty = items.size === before ? empty + 1 : 0;
    const { cursorText } = read;
    if (cursorText === undefined) return over();
    const why = whyNoMore(cursorText);
    if (why !== undefined) {
      faults.addOfList(`${method}: ${why}`);
      return over();
    }
    if (seen.has(cursorText)) return over('it runs in a circle');
    seen.add(cursorText);
    if (empty > MAX_EMPTY_PAGES) return over(`${empty} pages in a row bring nothing`);
    if (nowMs() > endAt) return over('its pages have no end in time');
    paramsText = `{"cursor":${cursorText}}`;
  }
  return over(`there are more than ${MAX_PAGES} pages`);
}

/** A cursor is a text. A number is sent back as it came: who gives one takes one. */
function whyNoMore(cursorText: string): string | undefined {
  if (cursorText === '""') return '"nextCursor" is empty, which counts as the end';
  return /^["\d-]/.test(cursorText) ? undefined : '"nextCursor" is no text, which counts as the end';
}

interface Page {
  /** Undefined: there is no list in the answer. */
  entries: readonly { text: string; value: unknown }[] | undefined;
  cursorText: string | undefined;
  ttlMs: unknown;
}

async function readPage({ serverName, kind, send }: PagesToRead, paramsText: string): Promise<Page> {
  const { method, member } = LISTS[kind];
  const reply = await send(paramsText);
  if (reply.kind === 'error') {
    const said = parseRecord(reply.text);
    const message = stringOf(said?.['message']) ?? 'no reason given';
    const outcome = said?.['code'] === RPC_CODE.methodNotFound ? 'unknown_method' : 'answered';
    throw new AttemptError('upstream', `server ${serverName} refused ${method}: ${quoteForeign(message)}`, { outcome });
  }
  const result = parseRecord(reply.text) ?? {};
  const { members } = scanObject(reply.text);
  const cursor = findMember(members, 'nextCursor');
  const cursorText = cursor === undefined ? 'null' : reply.text.slice(cursor.start, cursor.end);
  const list = result[member];
  const at = findMember(members, member);
  const entries =
    at === undefined || !Array.isArray(list)
      ? undefined
      : scanArray(reply.text, at.start).map(({ start, end }, index) => ({
          text: onOneLine(reply.text.slice(start, end)),
          value: list[index] as unknown,
        }));
  return { entries, cursorText: cursorText === 'null' ? undefined : cursorText, ttlMs: result['ttlMs'] };
}

function itemOf(
  { kind, generation }: PagesToRead,
  text: string,
  value: unknown,
  faults: Faults,
): ListedItem | undefined {
  const entry = tidyEntry(kind, LISTS[kind].key, text, value);
  if (typeof entry === 'string') {
    faults.add(`${kind}: ${entry}; it is left out`);
    return undefined;
  }
  for (const fault of entry.faults) faults.add(`${kind}: ${fault}`);
  if (generation === 'legacy') for (const fault of entry.legacyFaults) faults.add(`${kind}: ${fault}`);
  const { key, legacyText } = entry;
  return { key, text: entry.text, ...(legacyText !== undefined && { legacyText }) };
}

/** Whether the server does not know the list's method. */
export function isUnknownMethod(error: unknown): boolean {
  return attemptOf(error).outcome === 'unknown_method';
}
