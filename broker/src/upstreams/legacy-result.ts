// A result of a modern server for a client of before, which got no such members from a server of its own generation.
import { findMember, scanObject } from 'mcpgate-shared/json-span';

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
