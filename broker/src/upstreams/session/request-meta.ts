// Writes members into the params of a request, or into their `_meta`. Everything else stays the text that was sent.
import type { TraceFields } from '../../domain/outside/call-span.ts';
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';

/** `paramsText`, which has no progress token, with `_meta.progressToken` set. */
export function withProgressToken(paramsText: string, token: number): string {
  return withMeta(paramsText, [['progressToken', String(token)]]);
}

/** `paramsText` with the span in its `_meta`. What the caller says of its own state of the trace stays. */
export function withTrace(paramsText: string, { traceparent }: TraceFields): string {
  return withMeta(paramsText, [['traceparent', JSON.stringify(traceparent)]]);
}

/** `paramsText` with these members (values are JSON text) in its `_meta`; they replace members of the same names. */
export function withMeta(paramsText: string, added: readonly (readonly [key: string, valueText: string])[]): string {
  const { members } = scanObject(paramsText, 0, ['_meta']);
  const meta = findMember(members, '_meta');
  const put = added.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  if (meta === undefined) return withMembers(paramsText, [['_meta', `{${put.join(',')}}`]]);
  const kept = (meta.inner?.members ?? []).filter(({ key }) => !added.some(([own]) => own === key));
  const metaText = `{${[...put, ...kept.map((each) => memberText(paramsText, each))].join(',')}}`;
  return paramsText.slice(0, meta.start) + metaText + paramsText.slice(meta.end);
}

/** `objectText` with these members (values are JSON text) first; they replace members of the same names. */
export function withMembers(objectText: string, added: readonly (readonly [key: string, valueText: string])[]): string {
  const { members } = scanObject(objectText);
  const put = added.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  const kept = members.filter(({ key }) => !added.some(([own]) => own === key));
  return `{${[...put, ...kept.map((each) => memberText(objectText, each))].join(',')}}`;
}

function memberText(text: string, member: JsonMember): string {
  return text.slice(member.keyStart, member.end);
}
