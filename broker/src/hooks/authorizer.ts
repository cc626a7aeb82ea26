// Whoever a workspace asks outside whether a call may be made. The answers only ever take away: what the rules deny is never asked about.
import type { AuthorizeHook } from '../domain/hook.ts';
import type { HookAnswer } from '../policy/hooked.ts';
import type { HookQuestion } from './authorize/question.ts';

/** Where an answer came from: the hook; what it had answered before; nobody, because there was none; or nobody, because the hook is known to be away. */
export type AnswerSource = 'hook' | 'kept' | 'none' | 'away';

export interface Asked {
  workspaceId: string;
  hook: string;
  answer: HookAnswer;
  source: AnswerSource;
  ms: number;
}

/** What was sent and what came back, for people who try a hook out. */
export interface Tried extends Asked {
  question: string;
  /** Its beginning; null: nothing came. */
  answered: string | null;
}

export interface Authorizer {
  /** Never rejects, and settles within the hook's time: a call that cannot be asked about is denied. */
  ask(hook: AuthorizeHook, question: HookQuestion): Promise<HookAnswer>;
  /** The same question, put to the hook whatever it answered before and however it was found. */
  try(hook: AuthorizeHook, question: HookQuestion): Promise<Tried>;
  /** Calls `listener` after each answer. Returns the function that removes it. */
  onAsked(listener: (asked: Asked) => void): () => void;
  /** The hooks that were asked since this broker runs. */
  states(): HookState[];
}

export interface HookState {
  workspaceId: string;
  hook: string;
  /** It is not asked for a while, because it did not answer. */
  isAway: boolean;
  /** Since when it has given no answer that says anything, ms since the epoch, and why the last time. Undefined: its last answer said something. */
  failing: { since: number; why: string } | undefined;
}

export type { HookQuestion } from './authorize/question.ts';
