// JSON-RPC as the edges write it to their clients.
import { answerText, noticeText } from 'mcpgate-shared/mcp/rpc-text';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { errorReply, type Answer } from '../reply.ts';
import type { Notice } from '../request.ts';

/** The answer to the request whose id was written as `idText`. */
export function replyMessage(idText: string, { kind, text }: Answer): string {
  return answerText(idText, kind, text);
}

export function noticeMessage({ method, paramsText }: Notice): string {
  return noticeText(method, paramsText);
}

/** What a client is answered with whose answer does not fit. */
export function replyTooLong(maxBytes: number): Answer {
  const message = `[mcpgate] the answer is longer than ${formatByteSize(maxBytes)}; ask for less at once`;
  return errorReply(RPC_CODE.internalError, message);
}
