// What the broker and a thread that searches the log say to each other. Both are of one program, so nothing of it is parsed.
import type { ErrorCode } from 'mcpgate-shared/error';
import type { LogQuestions } from './log-search.ts';

export interface SearchQuestion {
  name: keyof LogQuestions;
  asked: unknown;
}

/** `isForHost`: the message is for the operators of the broker's host alone. */
export type SearchAnswer =
  { kind: 'answer'; answer: unknown } | { kind: 'failed'; code: ErrorCode; message: string; isForHost: boolean };
