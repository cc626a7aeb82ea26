// What a server says while a request is under way, as its client may see it.
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import { markReservedMembers } from './reserved-text.ts';

/** `token`: the caller's, as it was written. */
export function progressMessage(paramsText: string, token: string, server: string): string {
  const at = findMember(scanObject(paramsText).members, 'progressToken');
  const own = at === undefined ? paramsText : paramsText.slice(0, at.start) + token + paramsText.slice(at.end);
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":${markReservedMembers(own, ['message'], server)}}`;
}

export function serverNotification(method: string, paramsText: string, server: string): string {
  const params = markReservedMembers(paramsText, ['message', 'data'], server);
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`;
}
