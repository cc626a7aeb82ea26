// Results for AI clients of MCP up to 2025-11-25, without what came with 2026-07-28: such clients would not know it, or refuse it.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Pieces } from '../../../message/pieces.ts';

/** Members that results have since 2026-07-28: all of them, or those that may be cached. */
const MODERN_MEMBERS: ReadonlySet<string> = new Set(['resultType', 'ttlMs', 'cacheScope']);

/** The result without modern members; one whose `resultType` is not `complete` stays as it is. */
export function legacyResult(text: string): string {
  const { members } = scanObject(text);
  const type = findMember(members, 'resultType');
  if (type === undefined || text.slice(type.start, type.end) !== '"complete"') return text;
  const kept = members.filter(({ key }) => !MODERN_MEMBERS.has(key));
  return `{${kept.map(({ keyStart, end }) => text.slice(keyStart, end)).join(',')}}`;
}

/**
 * Up to 2025-11-25 structured content is an object. Any other value of it is left out, and written as text where the result has no other content.
 * `pieces`: what was taken out of `text`.
 */
export function withLegacyStructure(text: string, pieces: Pieces | undefined): string {
  if (!text.includes('"structuredContent"')) return text;
  const { members } = scanObject(text);
  const found = findMember(members, 'structuredContent');
  const first = found === undefined ? '{' : text.charAt(found.start);
  // The token of a piece stands there as a string.
  if (found === undefined || first === '{' || (first === '"' && pieces !== undefined)) return text;
  const words = JSON.stringify({ type: 'text', text: text.slice(found.start, found.end) });
  const kept = members.flatMap(({ key, keyStart, start, end }) => {
    if (key === 'structuredContent') return [];
    const isEmpty = key === 'content' && /^\[\s*\]$/.test(text.slice(start, end));
    return isEmpty ? [`"content":[${words}]`] : [text.slice(keyStart, end)];
  });
  return `{${kept.join(',')}}`;
}
