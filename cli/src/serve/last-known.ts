// Keeps copies of the broker's last `initialize` results and lists, to answer a client while the broker is away. Only complete lists are kept, and
// each login has its own copies, so that no other login sees them.
import { member } from 'mcpgate-shared/member';
import { resultText } from './client-message.ts';
import type { ServeView } from '../channel/resumable-channel.ts';

const LIST_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
]);
/** The methods whose result tells the client what the server offers. */
const INTRODUCTIONS: ReadonlySet<string> = new Set(['initialize', 'server/discover']);
const COPY_MAX_BYTES = 4 * 1024 * 1024;

export const emptyList = (method: string): string | undefined => {
  const member = LIST_MEMBERS.get(method);
  return member === undefined ? undefined : `{"${member}":[]}`;
};

/** The request that a copy answers. */
interface CopiedRequest {
  method: string | undefined;
  params: Readonly<Record<string, unknown>>;
}

export interface LastKnown {
  /** The complete result as JSON text; undefined where there is no copy, and for requests of later pages. */
  read(request: CopiedRequest): string | undefined;
  /** Keeps the result in a response of the broker. */
  keep(request: CopiedRequest, message: Buffer): void;
  /** The client's handshake asked for this version of MCP. Copies in another version are not used. */
  speak(protocolVersion: unknown): void;
  /** The link is open: its answers belong to the present login. */
  linkOpen(): void;
}

/** For clients that must not get copies, such as commands. */
export const NOTHING_KNOWN: LastKnown = {
  read: () => undefined,
  keep: () => undefined,
  speak: () => undefined,
  linkOpen: () => undefined,
};

export interface LastKnownOptions {
  /** The present login: broker, workspace and person. Undefined: nobody is logged in, or the stored login is not used. */
  login(): string | undefined;
  /** The store of the copies: JSON texts by method, under a key for each login and view. */
  files: {
    read(key: string): Readonly<Record<string, string>>;
    write(key: string, copies: Record<string, string>): void;
  };
  view: ServeView;
}

export function createLastKnown({ login, files, view }: LastKnownOptions): LastKnown {
  let version = '';
  /** The login to which answers over the link belong. */
  let answering: string | undefined;
  /** Lists of which some pages have come, by method. */
  const pages = new Map<string, { items: unknown[]; bytes: number; cursor: string }>();
  const keyOf = (name: string) => JSON.stringify([name, view.server ?? null, view.tools ?? null, version]);

  function store(method: string, text: string): void {
    const name = login();
    if (name === undefined || name !== answering || text.length > COPY_MAX_BYTES) return;
    const copies = files.read(keyOf(name));
    if (copies[method] !== text) files.write(keyOf(name), { ...copies, [method]: text });
  }

  /** Adds a page of a list; stores the list with its last page, and as that page describes it. */
  function storePage(method: string, name: string, cursor: unknown, text: string): void {
    const value: unknown = JSON.parse(text);
    const items = member(value, name);
    const next = member(value, 'nextCursor');
    const before = pages.get(method);
    pages.delete(method);
    if (!Array.isArray(items) || (cursor !== undefined && before?.cursor !== cursor)) return;
    if (cursor === undefined && typeof next !== 'string') return store(method, text);
    const all = cursor === undefined ? items : [...(before?.items ?? []), ...items];
    const bytes = text.length + (cursor === undefined ? 0 : (before?.bytes ?? 0));
    if (bytes > COPY_MAX_BYTES) return;
    if (typeof next === 'string') pages.set(method, { items: all, bytes, cursor: next });
    else store(method, JSON.stringify({ ...Object(value), [name]: all }));
  }

  return {
    read({ method, params }) {
      const name = login();
      if (name === undefined || method === undefined || params['cursor'] !== undefined) return undefined;
      return files.read(keyOf(name))[method];
    },
    keep({ method, params }, message) {
      if (method === undefined) return;
      const list = LIST_MEMBERS.get(method);
      if (!INTRODUCTIONS.has(method) && list === undefined) return;
      const text = resultText(message);
      if (text === undefined) return;
      if (list === undefined) store(method, text);
      else storePage(method, list, params['cursor'], text);
    },
    speak(protocolVersion) {
      version = typeof protocolVersion === 'string' ? protocolVersion.slice(0, 32) : '';
      pages.clear();
    },
    linkOpen() {
      answering = login();
      pages.clear();
    },
  };
}
