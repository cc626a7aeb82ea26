// Handles the retry of a request whose call is parked: checks that it asks for the same, gives the client's answers to the call, and lets the
// call's progress and result answer the retry.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { hashInTurns } from '../../../message/hash-in-turns.ts';
import { byteLengthOf, partsOf, wholeText } from '../../../message/pieces.ts';
import { MAX_ANSWER_BYTES } from '../legacy/client-questions.ts';
import { type Answer, errorReply } from '../../reply.ts';
import type { Notice, Request } from '../../request.ts';
import type { ParkedCalls, Waiter } from './parked-calls.ts';
import { PROGRESS } from '../../call/server-notification.ts';

const NOT_VALID =
  '"requestState" is not valid for this request: it belongs to another one, was used already, or its call is over. Send the request again without it';

export async function goOnWithParked(
  parkedCalls: Pick<ParkedCalls, 'resume'>,
  retry: {
    request: Request;
    /** The `requestState` of the retry, which mcpgate has made. */
    state: string;
    owner: string;
    bound: () => Promise<string>;
    waiter: Waiter;
    signal: AbortSignal;
    /** Answers the retry with an error. */
    refuse: (answer: Answer) => void;
  },
): Promise<void> {
  const { state, owner, waiter, signal, request } = retry;
  const { text, pieces } = request;
  const refuse = (why: string) => retry.refuse(errorReply(RPC_CODE.invalidParams, why));
  const at = findMember(request.paramsSpan?.members ?? [], 'inputResponses');
  const cut = at === undefined ? '{}' : text.slice(at.start, at.end);
  // The answers are handled as one string.
  if (byteLengthOf(cut, pieces) > MAX_ANSWER_BYTES) {
    return refuse(`"inputResponses" may be ${formatByteSize(MAX_ANSWER_BYTES)} long`);
  }
  const responses = wholeText(cut, pieces);
  if (!responses.startsWith('{')) return refuse('"inputResponses" must be an object');
  const bound = await retry.bound();
  if (!parkedCalls.resume({ state, owner, bound, responses, waiter, signal })) refuse(NOT_VALID);
}

/** The members of the params that may differ between a request and its retry. */
const OF_THE_ROUND: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'requestState']);

/**
 * Identifies what a request asks for, so that a retry cannot ask for something else than the policy has judged: SHA-256 (hex) of the method
 * and the params, independent of the order of their members.
 */
export async function requestDigest({ method, text, paramsSpan, pieces }: Request): Promise<string> {
  const members = (paramsSpan?.members ?? []).filter(({ key }) => !OF_THE_ROUND.has(key));
  const inOrder = members.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  function* parts(): Generator<string | Buffer> {
    yield JSON.stringify(method);
    for (const { key, start, end } of inOrder) {
      yield `\n${JSON.stringify(key)}:`;
      yield* partsOf(text.slice(start, end), pieces);
    }
  }
  return await hashInTurns(parts());
}

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
