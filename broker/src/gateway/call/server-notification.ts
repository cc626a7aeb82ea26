// Rewrites notifications of a server for the client, with reserved texts marked.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Notice } from '../request.ts';
import { markReservedMembers } from './reserved-text.ts';

export const PROGRESS = 'notifications/progress';

/** A progress notification under the caller's own token. `token`: JSON text. */
export function progressNotice(paramsText: string, token: string, server: string): Notice {
  const at = findMember(scanObject(paramsText).members, 'progressToken');
  const own = at === undefined ? paramsText : paramsText.slice(0, at.start) + token + paramsText.slice(at.end);
  return { method: PROGRESS, paramsText: markReservedMembers(own, ['message'], server) };
}

export function noticeOf(method: string, paramsText: string, server: string): Notice {
  return { method, paramsText: markReservedMembers(paramsText, ['message', 'data'], server) };
}
