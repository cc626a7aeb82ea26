// Writes answers and notices as JSON-RPC messages for clients.
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { errorReply, type Answer } from '../reply.ts';
import type { Notice } from '../request.ts';

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
