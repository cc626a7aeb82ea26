// Texts that begin with `[mcpgate` and `_meta` keys `mcpgate/…` are mcpgate's own. Where an upstream uses them they are marked as the
// upstream's; nothing else is touched, and texts without them cost one search.
import { findMember, scanArray, scanObject, type JsonMember } from 'mcpgate-shared/json-span';

interface Insertion {
  at: number;
  text: string;
}

const RESERVED_TEXT = /^\s*\[\s*mcpgate/i;
const RESERVED_KEY = /^\s*mcpgate\//i;

/** A `tools/call` result, or a JSON-RPC error object, as the client may see it. */
export function markReserved(text: string, server: string): string {
  // Escapes may hide the word; they are rare enough to look closer at each.
  if (!/mcpgate/i.test(text) && !text.includes('\\u')) return text;
  const insertions: Insertion[] = [];
  const mark = `[from ${server}] `;
  const { members } = scanObject(text);
  markMeta(text, members, mark, insertions);
  markString(text, findMember(members, 'message'), mark, insertions);
  for (const content of members.filter(({ key }) => key === 'content')) {
    if (text.charAt(content.start) !== '[') continue;
    for (const item of scanArray(text, content.start)) {
      if (text.charAt(item.start) !== '{') continue;
      const inner = scanObject(text, item.start, ['resource']).members;
      markMeta(text, inner, mark, insertions);
      markString(text, findMember(inner, 'text'), mark, insertions);
      const resource = findMember(inner, 'resource')?.inner?.members ?? [];
      markMeta(text, resource, mark, insertions);
      markString(text, findMember(resource, 'text'), mark, insertions);
    }
  }
  return insertAll(text, insertions);
}

/** The members `keys` of an object text: a tool's title and description, a progress notification's message. */
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
  for (const { at, text: inserted } of insertions) {
    out += text.slice(from, at) + inserted;
    from = at;
  }
  return out + text.slice(from);
}
