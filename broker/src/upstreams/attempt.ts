// What became of an attempt at a server, as a closed union. The error of a failed attempt carries it, and keeps it when another layer gives the
// error a better message. What may be done about a failed attempt is decided in remedy.ts.
import type { AccountLack } from '../domain/people/account.ts';
import { GateError, type ErrorCode } from 'mcpgate-shared/error';

/** What became of an attempt, and so of the request that was made in it. */
export type Outcome =
  /** The request was never sent. */
  | 'never_sent'
  /** HTTP 401: the server looked at the credentials, and at nothing else. */
  | 'unauthorized'
  /** An account must be connected first. Nothing was executed. */
  | 'account_needed'
  /** The server does not know the session, and says so before it looks at the request. */
  | 'session_lost'
  /** The server asks for a pause; the error's `retryAfterMs` says how long, where the server does. Nothing was executed. */
  | 'busy'
  /** The server leads elsewhere. Nothing was executed. */
  | 'redirected'
  /** The server looked at the request and turned it away. Nothing was executed, and the same request would be turned away again. */
  | 'refused'
  /** The server answered with a JSON-RPC error. */
  | 'answered'
  /** The server answered with the JSON-RPC error that it does not know the method. */
  | 'unknown_method'
  /** The server speaks only versions of MCP that mcpgate does not know; no other handshake would help. */
  | 'incompatible'
  /** The server, or a proxy in front of it, gave up on the request (HTTP 5xx and the like), which it may have begun. */
  | 'gave_up'
  /** The request was sent, and may have been executed. The error says so. */
  | 'unclear'
  /** There was no answer in time. */
  | 'unanswered'
  /** The answer was longer than one may be. */
  | 'too_long'
  /** The caller cancelled the request. */
  | 'cancelled'
  /** What the server is registered with cannot be used. */
  | 'misconfigured'
  /** The server, or the connection to it, failed in any other way. */
  | 'failed'
  /**
   * The broker cannot make the attempt now: there is no room for another process, or what a secret is read from is away. That says nothing about
   * the server.
   */
  | 'not_possible'
  /** The broker itself failed, which says nothing about the server. */
  | 'own_fault';

export interface Attempt {
  readonly outcome: Outcome;
  /** The HTTP status of the server's answer. */
  readonly status?: number;
  /** What the server said of the credentials that it wants, in its `WWW-Authenticate` header. */
  readonly challenge?: string;
  /** Why an account is needed. */
  readonly lack?: AccountLack;
  /** The method of the request during which the connection ended. */
  readonly endedUnder?: string;
  /** Whatever the outcome says: the request that was made in it was not executed. */
  readonly isUnexecuted?: true;
  /** Over HTTP with SSE: whether the server had named its endpoint for messages, which only a server of that transport does. */
  readonly hasEndpoint?: boolean;
}

/** The failure of an attempt at a server. */
export class AttemptError extends GateError {
  readonly attempt: Attempt;

  constructor(
    code: ErrorCode,
    message: string,
    attempt: Attempt,
    options?: { cause?: unknown; retryAfterMs?: number | undefined },
  ) {
    super(code, message, options);
    this.attempt = attempt;
  }
}

/** The outcomes which prove that the request was not executed, and after which a new connection may help. */
export type NotExecuted = 'never_sent' | 'unauthorized' | 'session_lost';

export function notExecuted(outcome: NotExecuted, message: string, cause?: unknown): AttemptError {
  return new AttemptError('upstream', message, { outcome }, { cause });
}

/** The caller must connect an account first; nothing was sent, or the server executed nothing. */
export function accountNeeded(message: string, lack: AccountLack, cause?: unknown): AttemptError {
  return new AttemptError('account_needed', message, { outcome: 'account_needed', lack }, { cause });
}

/** The request was sent, and its answer is lost. */
export function outcomeUnknown(message: string, cause?: unknown): AttemptError {
  return new AttemptError('unknown_outcome', message, { outcome: 'unclear' }, { cause });
}

/** The same failure with another message; `facts` replace those of the attempt. */
export function withWords(
  error: GateError,
  message: string,
  facts: Partial<Attempt> = {},
  retryAfterMs = error.retryAfterMs,
): AttemptError {
  return new AttemptError(error.code, message, { ...attemptOf(error), ...facts }, { cause: error, retryAfterMs });
}

/**
 * The error codes from which the outcome follows; any other code means that the server or its connection failed. Here alone an error's code says what
 * became of an attempt.
 */
const OUTCOMES: Partial<Record<ErrorCode, Outcome>> = {
  unknown_outcome: 'unclear',
  account_needed: 'account_needed',
  throttled: 'busy',
  timeout: 'unanswered',
  too_large: 'too_long',
  cancelled: 'cancelled',
  config: 'misconfigured',
  unavailable: 'not_possible',
  internal: 'own_fault',
};

/** What became of the attempt that failed with `error`, whoever threw it. */
export function attemptOf(error: unknown): Attempt {
  if (error instanceof AttemptError) return error.attempt;
  return { outcome: error instanceof GateError ? (OUTCOMES[error.code] ?? 'failed') : 'own_fault' };
}
