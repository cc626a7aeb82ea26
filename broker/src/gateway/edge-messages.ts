// JSON-RPC as the edges write it to their clients.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { errorReply, type Answer } from './reply.ts';
import type { Notice } from './request.ts';

/** The answer to the request whose id was written as `idText`. */
export function replyMessage(idText: string, { kind, text }: Answer): string {
  return `{"jsonrpc":"2.0","id":${idText},"${kind}":${text}}`;
}

export function noticeMessage({ method, paramsText }: Notice): string {
  const params = paramsText === undefined ? '' : `,"params":${paramsText}`;
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${params}}`;
}

const INTERNAL_ERROR = -32603;

/** What a client is answered with whose answer does not fit. */
export function replyTooLong(maxBytes: number): Answer {
  const message = `[mcpgate] the answer is longer than ${formatByteSize(maxBytes)}; ask for less at once`;
  return errorReply(INTERNAL_ERROR, message);
}
