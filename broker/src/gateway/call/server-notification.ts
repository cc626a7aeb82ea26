// What a server says while a request is under way, as its client may see it.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Notice } from '../request.ts';
import { markReservedMembers } from './reserved-text.ts';

export const PROGRESS = 'notifications/progress';

/** `token`: the caller's, as it was written. */
export function progressNotice(paramsText: string, token: string, server: string): Notice {
  const at = findMember(scanObject(paramsText).members, 'progressToken');
  const own = at === undefined ? paramsText : paramsText.slice(0, at.start) + token + paramsText.slice(at.end);
  return { method: PROGRESS, paramsText: markReservedMembers(own, ['message'], server) };
}

export function noticeOf(method: string, paramsText: string, server: string): Notice {
  return { method, paramsText: markReservedMembers(paramsText, ['message', 'data'], server) };
}
