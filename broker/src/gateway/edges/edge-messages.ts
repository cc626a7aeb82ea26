// Writes answers and notices as JSON-RPC messages for clients, and the errors for messages that are too long, in either direction.
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { type Answer, errorReply } from '../reply.ts';
import type { Notice } from '../request.ts';
import { idOfCutMessage } from 'mcpgate-shared/mcp/cut-message';

/** `idText`: the id of the request, as the client wrote it. */
export function replyMessage(idText: string, { kind, text }: Answer): string {
  return answerText(idText, kind, text);
}

export function noticeMessage({ method, paramsText }: Notice): string {
  return noticeText(method, paramsText);
}

/** The error that replaces an answer which is too long for one message. */
export function replyTooLong(maxBytes: number): Answer {
  const message = `[mcpgate] the answer is longer than ${formatByteSize(maxBytes)}; ask for less at once`;
  return errorReply(RPC_CODE.internalError, message);
}

/** How much of the beginning and of the end is searched for the id. */
const END_CHARS = 1024;

/** The error for a client's message that is longer than allowed, of which only the beginning and the end were kept. The session goes on. */
export function refuseCut(head: string, tail: string, maxBytes: number): string {
  const message = `[mcpgate] the message is longer than ${formatByteSize(maxBytes)}, the most that this broker takes at once; send less`;
  return replyMessage(idOfCutMessage(head, tail) ?? 'null', errorReply(RPC_CODE.invalidRequest, message));
}

/** The same error for a message that was received as a whole. */
export const refuseLong = (text: string, maxBytes: number): string =>
  refuseCut(text.slice(0, END_CHARS), text.slice(-END_CHARS), maxBytes);
