// The reply to a request, as a value; the edge to the client writes it as a message.
import type { Pieces } from '../message/pieces.ts';

export type Answer =
  /** `text`: the result as JSON text; `pieces`: its large values that are not in the text. */
  | { kind: 'result'; text: string; pieces?: Pieces | undefined }
  /** `text`: the JSON-RPC error object as JSON text; `code`: the code in it. */
  | { kind: 'error'; text: string; code: number | undefined; pieces?: Pieces | undefined };

/** `none`: the caller has cancelled the request, so there is no answer. */
export type Reply = Answer | { kind: 'none' };

export const NO_REPLY: Reply = { kind: 'none' };
export const EMPTY_RESULT: Answer = { kind: 'result', text: '{}' };

export function resultReply(text: string): Answer {
  return { kind: 'result', text };
}

export function errorReply(code: number, message: string, data?: object): Answer & { kind: 'error' } {
  return { kind: 'error', code, text: JSON.stringify({ code, message, ...(data !== undefined && { data }) }) };
}
