// The subscription id in a modern server's notifications, which says on which stream it was sent. It concerns the server and mcpgate alone, so it
// is removed before an AI client gets the notification.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';

/** The params of a notification without the subscription id, and without a `_meta` that held nothing else. */
export function withoutSubscriptionMark(paramsText: string): string {
  if (!paramsText.includes('"_meta"')) return paramsText;
  const { members } = scanObject(paramsText, 0, ['_meta']);
  const meta = findMember(members, '_meta');
  const inner = meta?.inner?.members ?? [];
  if (meta === undefined || findMember(inner, ANSWER_META.subscriptionId) === undefined) return paramsText;
  const textOf = ({ keyStart, end }: { keyStart: number; end: number }) => paramsText.slice(keyStart, end);
  const kept = inner.filter(({ key }) => key !== ANSWER_META.subscriptionId).map(textOf);
  if (kept.length > 0) return `${paramsText.slice(0, meta.start)}{${kept.join(',')}}${paramsText.slice(meta.end)}`;
  return `{${members
    .filter((each) => each !== meta)
    .map(textOf)
    .join(',')}}`;
}
