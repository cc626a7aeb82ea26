// What a parked call asks of its client, as the result of the request that waits.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { resultReply, type Answer } from '../../reply.ts';

/** An InputRequiredResult. `questions`: by the key that the client sees; `state`: what its retry brings back. */
export function inputRequired(
  questions: Iterable<readonly [key: string, question: { method: string; paramsText: string }]>,
  state: string,
): Answer {
  const requests = Array.from(
    questions,
    ([key, { method, paramsText }]) =>
      `"${key}":{"method":${JSON.stringify(method)},"params":${withoutProgressToken(paramsText)}}`,
  );
  return resultReply(
    `{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":"${state}"}`,
  );
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
