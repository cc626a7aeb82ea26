// What a request is answered with: a value, until the edge to the client writes it as a message.
import type { Pieces } from '../message/pieces.ts';

export type Answer =
  /** `text`: the result, JSON text. `pieces`: of a large one. */
  | { kind: 'result'; text: string; pieces?: Pieces | undefined }
  /** `text`: the JSON-RPC error object, whose code stands beside it where it has one. */
  | { kind: 'error'; text: string; code: number | undefined; pieces?: Pieces | undefined };

/** `none`: nothing is to be said; the caller has cancelled. */
export type Reply = Answer | { kind: 'none' };

export const NO_REPLY: Reply = { kind: 'none' };
export const EMPTY_RESULT: Answer = { kind: 'result', text: '{}' };

export function resultReply(text: string): Answer {
  return { kind: 'result', text };
}

export function errorReply(code: number, message: string, data?: object): Answer & { kind: 'error' } {
  return { kind: 'error', code, text: JSON.stringify({ code, message, ...(data !== undefined && { data }) }) };
}
