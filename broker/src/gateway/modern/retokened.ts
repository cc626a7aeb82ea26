// Progress of a call that was begun by one request and goes on for another: it is told under the token of the one that waits now.
import { findMember, scanObject } from 'mcpgate-shared/json-span';

/** `token`: of the request that waits; a notification that is no progress, or one that it did not ask for, stays as it is. */
export function retokened(notification: string, token: unknown): string {
  if (typeof token !== 'string' && typeof token !== 'number') return notification;
  if (!notification.includes('"progressToken"')) return notification;
  const params = findMember(scanObject(notification, 0, ['params']).members, 'params')?.inner;
  const at = findMember(params?.members ?? [], 'progressToken');
  if (at === undefined) return notification;
  return notification.slice(0, at.start) + JSON.stringify(token) + notification.slice(at.end);
}
