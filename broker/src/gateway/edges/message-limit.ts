// The error for a client's message that is longer than allowed. Only the request with that message fails; the session goes on.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { idOfCutMessage } from 'mcpgate-shared/mcp/cut-message';
import { replyMessage } from './edge-messages.ts';
import { errorReply } from '../reply.ts';

/** How much of the beginning and of the end is searched for the id. */
const END_CHARS = 1024;

/** The answer to a message of which only the beginning and the end were kept. */
export function refuseCut(head: string, tail: string, maxBytes: number): string {
  const message = `[mcpgate] the message is longer than ${formatByteSize(maxBytes)}, the most that this broker takes at once; send less`;
  return replyMessage(idOfCutMessage(head, tail) ?? 'null', errorReply(RPC_CODE.invalidRequest, message));
}

/** The answer to a message that is too long but was received as a whole. */
export const refuseLong = (text: string, maxBytes: number): string =>
  refuseCut(text.slice(0, END_CHARS), text.slice(-END_CHARS), maxBytes);
