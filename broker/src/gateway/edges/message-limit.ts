// What is said where a client's message is longer than allowed: one error for the request that it belongs to, and everything else goes on.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { idOfCutMessage } from 'mcpgate-shared/mcp/cut-message';
import { replyMessage } from './edge-messages.ts';
import { errorReply } from '../reply.ts';

/** How much of either end is looked at for the id. */
const END_CHARS = 1024;

/** The answer to a client's message of which only both ends are there. */
export function refuseCut(head: string, tail: string, maxBytes: number): string {
  const message = `[mcpgate] the message is longer than ${formatByteSize(maxBytes)}, the most that this broker takes at once; send less`;
  return replyMessage(idOfCutMessage(head, tail) ?? 'null', errorReply(RPC_CODE.invalidRequest, message));
}

/** The answer to a message that is too long. */
export const refuseLong = (text: string, maxBytes: number): string =>
  refuseCut(text.slice(0, END_CHARS), text.slice(-END_CHARS), maxBytes);
