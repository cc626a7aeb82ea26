// What is said where a message is longer than allowed: one error for the request that it belongs to, and everything else goes on.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { idOfCutMessage, isCutRequest } from 'mcpgate-shared/cut-message';
import { errorMessage, errorObject } from './answers.ts';
import { INVALID_REQUEST } from './envelope.ts';

const INTERNAL_ERROR = -32603;
/** How much of either end is looked at for the id. */
const END_CHARS = 1024;

/** The answer to a client's message of which only both ends are there. */
export function refuseCut(head: string, tail: string, maxBytes: number): string {
  const message = `[mcpgate] the message is longer than ${formatByteSize(maxBytes)}, the most that this broker takes at once; send less`;
  return errorMessage(idOfCutMessage(head, tail) ?? 'null', errorObject(INVALID_REQUEST, message));
}

/** The answer to a message that is too long. */
export const refuseLong = (text: string, maxBytes: number): string =>
  refuseCut(text.slice(0, END_CHARS), text.slice(-END_CHARS), maxBytes);

/** What the client gets instead of an answer that does not fit; undefined: nobody waits for this message. */
export function insteadOf(answer: string, maxBytes: number): string | undefined {
  const head = answer.slice(0, END_CHARS);
  const idText = isCutRequest(head) ? undefined : idOfCutMessage(head, '');
  if (idText === undefined) return undefined;
  const message = `[mcpgate] the answer is longer than ${formatByteSize(maxBytes)}; ask for less at once`;
  return errorMessage(idText, errorObject(INTERNAL_ERROR, message));
}
