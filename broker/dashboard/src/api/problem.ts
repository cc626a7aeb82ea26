// What can go wrong when the broker is asked, as one closed list. Each kind has its own look (parts/problem-view.tsx), so that nobody reads a code.

export type ProblemKind =
  | 'unauthenticated' // the session has ended: sign in again and stay where one was
  | 'forbidden' // a known person who may not do this
  | 'reauthenticate' // the person may do this after showing anew who they are
  | 'not_found'
  | 'stale' // changed by somebody else since it was read
  | 'conflict' // exists already, or does not go with what is there
  | 'refused' // the broker says why not: wrong input, a server that failed, a secret that the probe did not like
  | 'limited' // too many tries; `retryAfterMs` says how long to wait
  | 'offline' // no way to the broker
  | 'broken'; // the broker failed, or answered what this version does not understand

/** Where in a body the mistake is, as the broker names it: `["rules", 0, "who"]`. */
export type ProblemPath = readonly (string | number)[];

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  /** The broker's own code (shared/src/error.ts), where it gave one. */
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly path: ProblemPath | undefined;

  constructor(
    kind: ProblemKind,
    message: string,
    facts: {
      code?: string | undefined;
      retryAfterMs?: number | undefined;
      path?: ProblemPath | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
    this.path = facts.path;
  }
}

/** Anything that was thrown, as a Problem: what is none is a mistake of these pages. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem('broken', message, { cause: thrown });
}
