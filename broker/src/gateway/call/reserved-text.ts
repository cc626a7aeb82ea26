// Rewrites results and errors of a server for the client. Texts that begin with `[mcpgate` and `_meta` keys `mcpgate/…` are reserved for
// mcpgate: where a server uses them, they are marked as the server's. URIs of the server's resources, and what refers to them, become those that
// the client sees. Everything else stays as it is, and a text with none of these costs one search.
import { findMember, scanArray, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { appReferences, type SeenUri, seenUriText } from './seen-uri.ts';

interface Insertion {
  at: number;
  text: string;
  /** Where the text ends that it stands for; undefined: it stands for none. */
  end?: number;
}

const RESERVED_TEXT = /^\s*\[\s*mcpgate/i;
const RESERVED_KEY = /^\s*mcpgate\//i;
/** The members of results that hold content: of tools, resources and prompts. */
const CONTENT_KEYS: readonly string[] = ['content', 'contents', 'messages'];

/**
 * `text`: the JSON text of a result or of a JSON-RPC error object. `seenUri`: what the client sees for a URI of the server; undefined in a session
 * that shows one server under its own names.
 */
export function asSeen(text: string, server: string, seenUri?: SeenUri): string {
  // The words may be written with escapes. Texts with escapes are rare, so each is looked at more closely.
  const mayHide = text.includes('\\u');
  const marks = mayHide || /mcpgate/i.test(text);
  const uris = seenUri !== undefined && (mayHide || /"uri"|resourceUri"|outputTemplate"/.test(text));
  if (!marks && !uris) return text;
  const insertions: Insertion[] = [];
  const mark = `[from ${server}] `;
  const { members } = scanObject(text);
  const seeTexts = (of: readonly JsonMember[], keys: readonly string[]) => {
    if (uris) for (const at of appReferences(text, of)) insertions.push(...replaced(text, at, seenUri));
    if (!marks) return;
    markMeta(text, of, mark, insertions);
    for (const key of keys) markString(text, findMember(of, key), mark, insertions);
  };
  const seeUri = (of: readonly JsonMember[]) => {
    const uri = findMember(of, 'uri');
    if (uris && uri !== undefined) insertions.push(...replaced(text, uri, seenUri));
  };
  const seeBlock = (at: number, isMessage: boolean) => {
    if (text.charAt(at) !== '{') return;
    const inner = scanObject(text, at, ['resource']).members;
    seeTexts(inner, ['text']);
    seeUri(inner);
    const resource = findMember(inner, 'resource')?.inner?.members ?? [];
    seeTexts(resource, ['text']);
    seeUri(resource);
    const nested = findMember(inner, 'content');
    if (isMessage && nested !== undefined) seeBlocks(nested.start, false);
  };
  const seeBlocks = (at: number, areMessages: boolean) => {
    if (text.charAt(at) !== '[') return seeBlock(at, areMessages);
    for (const item of scanArray(text, at)) seeBlock(item.start, areMessages);
  };
  seeTexts(members, ['message', 'description']);
  for (const { key, start } of members) if (CONTENT_KEYS.includes(key)) seeBlocks(start, key === 'messages');
  return insertAll(text, insertions);
}

function replaced(text: string, { start, end }: JsonMember, seenUri: SeenUri): Insertion[] {
  const seen = seenUriText(text.slice(start, end), seenUri);
  return seen === undefined ? [] : [{ at: start, end, text: seen }];
}

/** Marks reserved texts in the members `keys` of a JSON object, such as a tool's description or a progress notification's message. */
export function markReservedMembers(text: string, keys: readonly string[], server: string): string {
  if (!/mcpgate/i.test(text) && !text.includes('\\u')) return text;
  const insertions: Insertion[] = [];
  const mark = `[from ${server}] `;
  const { members } = scanObject(text);
  markMeta(text, members, mark, insertions);
  for (const key of keys) markString(text, findMember(members, key), mark, insertions);
  return insertAll(text, insertions);
}

function markString(text: string, member: JsonMember | undefined, mark: string, insertions: Insertion[]): void {
  if (member === undefined || text.charAt(member.start) !== '"') return;
  const value: unknown = JSON.parse(text.slice(member.start, member.end));
  if (typeof value === 'string' && RESERVED_TEXT.test(value)) insertions.push({ at: member.start + 1, text: mark });
}

function markMeta(text: string, members: readonly JsonMember[], mark: string, insertions: Insertion[]): void {
  for (const meta of members.filter(({ key }) => key === '_meta')) {
    if (text.charAt(meta.start) !== '{') continue;
    for (const { key, keyStart } of scanObject(text, meta.start).members) {
      if (RESERVED_KEY.test(key)) insertions.push({ at: keyStart + 1, text: mark });
    }
  }
}

function insertAll(text: string, insertions: Insertion[]): string {
  if (insertions.length === 0) return text;
  insertions.sort((a, b) => a.at - b.at);
  let out = '';
  let from = 0;
  for (const { at, end, text: inserted } of insertions) {
    out += text.slice(from, at) + inserted;
    from = end ?? at;
  }
  return out + text.slice(from);
}
