// Handles the retry of a request whose call is parked: gives the client's answers to the call, whose result then answers the retry.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { byteLengthOf, wholeText } from '../../../message/pieces.ts';
import { MAX_ANSWER_BYTES } from '../legacy/client-questions.ts';
import { errorReply, type Answer } from '../../reply.ts';
import type { Request } from '../../request.ts';
import type { ParkedCalls, Waiter } from './parked-calls.ts';

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
