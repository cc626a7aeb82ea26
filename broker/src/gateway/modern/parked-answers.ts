// The texts with which a parked call speaks to its client: what is asked of it, and the outcome under the id of the request that brought it.
import { findMember, scanObject } from 'mcpgate-shared/json-span';

/** An InputRequiredResult. `questions`: by the key that the client sees; `state`: what its retry brings back. */
export function inputRequired(
  idText: string,
  questions: Iterable<readonly [key: string, question: { method: string; paramsText: string }]>,
  state: string,
): string {
  const requests = Array.from(
    questions,
    ([key, { method, paramsText }]) =>
      `"${key}":{"method":${JSON.stringify(method)},"params":${withoutProgressToken(paramsText)}}`,
  );
  return `{"jsonrpc":"2.0","id":${idText},"result":{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":"${state}"}}`;
}

/** The client answers with a retry, which has progress of its own; the server's token is good on its connection alone. */
function withoutProgressToken(paramsText: string): string {
  if (!paramsText.includes('"progressToken"')) return paramsText;
  const meta = findMember(scanObject(paramsText, 0, ['_meta']).members, '_meta');
  const members = meta?.inner?.members ?? [];
  if (meta === undefined || findMember(members, 'progressToken') === undefined) return paramsText;
  const kept = members.filter(({ key }) => key !== 'progressToken');
  const put = `{${kept.map(({ keyStart, end }) => paramsText.slice(keyStart, end)).join(',')}}`;
  return paramsText.slice(0, meta.start) + put + paramsText.slice(meta.end);
}

/** What the answer to a request begins with. */
export const headOf = (idText: string) => `{"jsonrpc":"2.0","id":${idText},`;

/** The answer to one request, which begins with `head`, as the answer to another. */
export function underId(text: string, head: string, idText: string): string {
  if (text.startsWith(head)) return headOf(idText) + text.slice(head.length);
  const at = findMember(scanObject(text).members, 'id');
  return at === undefined ? text : text.slice(0, at.start) + idText + text.slice(at.end);
}
