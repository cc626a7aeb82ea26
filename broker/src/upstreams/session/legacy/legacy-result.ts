// A result for a client of before 2026-07-28: without what came with that, which the client would not know or would refuse.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Pieces } from '../../../message/pieces.ts';

/** Of every result, and of those that may be cached (2026-07-28). */
const MODERN_MEMBERS: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);

/** Without them; a result that is not complete stays as it is. */
export function legacyResult(text: string): string {
  const { members } = scanObject(text);
  const type = findMember(members, 'resultType');
  if (type === undefined || text.slice(type.start, type.end) !== '"complete"') return text;
  const kept = members.filter(({ key }) => !MODERN_MEMBERS.has(key));
  return `{${kept.map(({ keyStart, end }) => text.slice(keyStart, end)).join(',')}}`;
}

/** Structured content was an object only; a list or a text is said as content where nothing else is. `pieces`: what was taken out of `text`. */
export function withLegacyStructure(text: string, pieces: Pieces | undefined): string {
  if (!text.includes('"structuredContent"')) return text;
  const { members } = scanObject(text);
  const found = findMember(members, 'structuredContent');
  const first = found === undefined ? '{' : text.charAt(found.start);
  // A piece stands there as a string.
  if (found === undefined || first === '{' || (first === '"' && pieces !== undefined)) return text;
  const words = JSON.stringify({ type: 'text', text: text.slice(found.start, found.end) });
  const kept = members.flatMap(({ key, keyStart, start, end }) => {
    if (key === 'structuredContent') return [];
    const isEmpty = key === 'content' && /^\[\s*\]$/.test(text.slice(start, end));
    return isEmpty ? [`"content":[${words}]`] : [text.slice(keyStart, end)];
  });
  return `{${kept.join(',')}}`;
}
