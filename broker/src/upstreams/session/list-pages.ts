// Reads all pages of one of a server's lists. Each entry stays the text that the server sent, or is repaired so that AI clients can take it
// (tidy/entry.ts). Where a page or an entry is wrong, the entries that could be read count, and a fault says what is wrong.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toGateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { AttemptError, attemptOf } from '../attempt.ts';
import { isRecord, parseRecord, stringOf, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import { remedy } from '../remedy.ts';
import { tidyEntry } from './tidy/entry.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, ServerFacts, UpstreamReply } from '../upstream.ts';

const MAX_PAGES = 1_000;
const MAX_ITEMS = 100_000;
const MAX_CHARS = 128 * 1024 * 1024;
/** So many pages in a row may bring nothing new. */
const MAX_EMPTY_PAGES = 20;
/** Time for all pages together. */
const MAX_MS = 120_000;
/** After so many entries the event loop gets a turn. */
const ITEMS_A_TURN = 1_000;
/** A list that was not read to its end is read again after so long. */
const PARTIAL_TTL_MS = 60_000;

/**
 * For each list: the method that asks for it, the member of the result that holds its entries, the member that names an entry, and the
 * capability.
 */
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

/**
 * Whether a server offers a list, by the capabilities that it declares. One that declares none at all may offer any list, and tools always
 * may be there.
 */
export function offerOf(capabilities: JsonRecord, kind: ListKind): 'yes' | 'no' | 'unsure' {
  if (isRecord(capabilities[LISTS[kind].capability])) return 'yes';
  const declaresAny = Object.values(LISTS).some(({ capability }) => isRecord(capabilities[capability]));
  return kind === 'tools' || !declaresAny ? 'unsure' : 'no';
}

export interface ReadList {
  items: readonly ListedItem[];
  /** How long the list may be kept, where the server says so (from 2026-07-28 on) or the list is not whole. */
  ttlMs: number | undefined;
  /** What is wrong with it, a line each. */
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

/** Throws GateError where the first page cannot be read. */
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
      // Without the first page there is no list.
      if (page === 1 || remedy(attemptOf(error), { what: 'next_page' }) !== 'make_do') throw error;
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

/** Why a cursor counts as the end of the list; undefined: it does not. A number, which is no valid cursor, is sent back as it came. */
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

const MAX_FAULTS = 20;
const MAX_FAULT_CHARS = 400;

/**
 * Collects what is wrong with a list, for administrators: all faults of the list itself, the first faults of entries, and how many more there
 * are.
 */
interface Faults {
  /** Adds a fault of an entry, unless there is the same already. */
  add(line: string): void;
  /** Adds a fault of the list itself, which is never left out. */
  addOfList(line: string): void;
  readonly lines: readonly string[];
}

function createFaults(): Faults {
  const ofList: string[] = [];
  const first = new Set<string>();
  let more = 0;
  const short = (line: string) => (line.length > MAX_FAULT_CHARS ? `${line.slice(0, MAX_FAULT_CHARS)}…` : line);
  return {
    add(line) {
      if (first.size < MAX_FAULTS) first.add(short(line));
      else if (!first.has(short(line))) more++;
    },
    addOfList: (line) => void ofList.push(short(line)),
    get lines() {
      return [...new Set([...ofList, ...first]), ...(more === 0 ? [] : [`and ${more} more`])];
    },
  };
}
