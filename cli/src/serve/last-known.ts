// The last known copy of what a broker said that does not change from call to call: the handshake's result and the lists. Only what is
// complete is kept, for each login apart: a copy of another login is never shown.
import { resultText } from './client-message.ts';
import type { ServeView } from '../channel/resumable-channel.ts';

const LIST_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
]);
/** What says what there is, by the version of the client. */
const INTRODUCTIONS: ReadonlySet<string> = new Set(['initialize', 'server/discover']);
const COPY_MAX_BYTES = 4 * 1024 * 1024;

export const emptyList = (method: string): string | undefined => {
  const member = LIST_MEMBERS.get(method);
  return member === undefined ? undefined : `{"${member}":[]}`;
};

/** The request that a copy is of. */
interface Asked {
  method: string | undefined;
  params: Readonly<Record<string, unknown>>;
}

export interface LastKnown {
  /** The whole result, as JSON text. Undefined where nothing is known, and for a later page. */
  read(asked: Asked): string | undefined;
  /** A response of the broker. */
  keep(asked: Asked, message: Buffer): void;
  /** A client's handshake asked for this version; copies of another are not shown. */
  speak(protocolVersion: unknown): void;
  /** The link is open, for the login of now. */
  linkOpen(): void;
}

/** For a client that asks the broker or nobody. */
export const NOTHING_KNOWN: LastKnown = {
  read: () => undefined,
  keep: () => undefined,
  speak: () => undefined,
  linkOpen: () => undefined,
};

export interface LastKnownOptions {
  /** Names the login of now: broker, workspace and person; undefined: nobody is logged in, or it is not the stored login that counts. */
  login(): string | undefined;
  /** Copies by method, as JSON texts. */
  files: {
    read(key: string): Readonly<Record<string, string>>;
    write(key: string, copies: Record<string, string>): void;
  };
  view: ServeView;
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

export function createLastKnown({ login, files, view }: LastKnownOptions): LastKnown {
  let version = '';
  /** Whose answers the link brings. */
  let answering: string | undefined;
  /** Pages of a list that is not whole yet, by method. */
  const pages = new Map<string, { items: unknown[]; bytes: number; cursor: string }>();
  const keyOf = (name: string) => JSON.stringify([name, view.server ?? null, view.tools ?? null, version]);

  function store(method: string, text: string): void {
    const name = login();
    if (name === undefined || name !== answering || text.length > COPY_MAX_BYTES) return;
    const copies = files.read(keyOf(name));
    if (copies[method] !== text) files.write(keyOf(name), { ...copies, [method]: text });
  }

  /** One page; the list is kept with its last one. */
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
    else store(method, JSON.stringify({ [name]: all }));
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
