// Progress of a call that was begun by one request and goes on for another: it is told under the token of the one that waits now.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Notice } from '../../request.ts';
import { PROGRESS } from '../../call/server-notification.ts';

/**
 * A progress notification of a parked call, under the token of the retry that waits for it now. Other notices stay as they are, and all do
 * where the retry has no token.
 */
export function retokened(notice: Notice, token: unknown): Notice {
  const { method, paramsText } = notice;
  if ((typeof token !== 'string' && typeof token !== 'number') || method !== PROGRESS || paramsText === undefined)
    return notice;
  const at = findMember(scanObject(paramsText).members, 'progressToken');
  if (at === undefined) return notice;
  return { method, paramsText: paramsText.slice(0, at.start) + JSON.stringify(token) + paramsText.slice(at.end) };
}
