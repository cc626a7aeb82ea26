// Writes the result with which the questions of a parked call are put to the client.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { resultReply, type Answer } from '../../reply.ts';

/**
 * The result that puts a server's questions to the client (InputRequiredResult). The key of a question names its answer in the client's retry;
 * `state`: the `requestState` that the retry repeats.
 */
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

/** Removes the server's progress token from a question: the client's retry has a token of its own. */
function withoutProgressToken(paramsText: string): string {
  if (!paramsText.includes('"progressToken"')) return paramsText;
  const meta = findMember(scanObject(paramsText, 0, ['_meta']).members, '_meta');
  const members = meta?.inner?.members ?? [];
  if (meta === undefined || findMember(members, 'progressToken') === undefined) return paramsText;
  const kept = members.filter(({ key }) => key !== 'progressToken');
  const put = `{${kept.map(({ keyStart, end }) => paramsText.slice(keyStart, end)).join(',')}}`;
  return paramsText.slice(0, meta.start) + put + paramsText.slice(meta.end);
}
