// What became of an attempt at a server: a closed union, kept by the error that tells of it however often its words are bettered. What may be
// done about it is remedy.ts's to say.
import type { AccountLack } from '../domain/account.ts';
import { GateError, type ErrorCode } from 'mcpgate-shared/error';

/** What became of it, and so of the request that was made. */
export type Outcome =
  /** It did not leave. */
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
  /** It was looked at and turned away: nothing was executed, and the same again would be turned away again. */
  | 'refused'
  /** The server answered with a JSON-RPC error. */
  | 'answered'
  /** The same, and the error says that the server does not know the method. */
  | 'unknown_method'
  /** The server speaks only versions that are not known here: no other handshake would help. */
  | 'incompatible'
  /** It was sent, and may have been executed. */
  | 'unclear'
  /** There was no answer in time. */
  | 'unanswered'
  /** The answer was longer than one may be. */
  | 'too_long'
  /** Its caller has given it up. */
  | 'cancelled'
  /** What the server is registered with cannot be used. */
  | 'misconfigured'
  /** The server, or the connection to it, failed in any other way. */
  | 'failed'
  /** This side failed: it says nothing about the server. */
  | 'own_fault';

export interface Attempt {
  readonly outcome: Outcome;
  /** The HTTP status that said so. */
  readonly status?: number;
  /** What the server said of the credentials that it wants, in its `WWW-Authenticate` header. */
  readonly challenge?: string;
  /** Why an account is needed. */
  readonly lack?: AccountLack;
  /** The connection ended while a request of this method was under way. */
  readonly endedUnder?: string;
  /** Over HTTP with SSE: whether the server had named the endpoint that messages are posted to, as only a server of that transport does. */
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

/** The outcomes that prove that the request was not executed, and that a new connection may mend. */
export type NotExecuted = 'never_sent' | 'unauthorized' | 'session_lost';

export function notExecuted(outcome: NotExecuted, message: string, cause?: unknown): AttemptError {
  return new AttemptError('upstream', message, { outcome }, { cause });
}

/** Nothing was sent, or nothing of it carried out: whoever asks has something to do first. */
export function accountNeeded(message: string, lack: AccountLack, cause?: unknown): AttemptError {
  return new AttemptError('account_needed', message, { outcome: 'account_needed', lack }, { cause });
}

/** It had been sent when the way to its answer was lost. */
export function outcomeUnknown(message: string, cause?: unknown): AttemptError {
  return new AttemptError('unknown_outcome', message, { outcome: 'unclear' }, { cause });
}

/** The same failure in other words; `facts`: what is known besides. */
export function withWords(
  error: GateError,
  message: string,
  facts: Partial<Attempt> = {},
  retryAfterMs = error.retryAfterMs,
): AttemptError {
  return new AttemptError(error.code, message, { ...attemptOf(error), ...facts }, { cause: error, retryAfterMs });
}

/** The codes that say by themselves what became of an attempt; with the others a server or its connection failed. */
const OUTCOMES: Partial<Record<ErrorCode, Outcome>> = {
  unknown_outcome: 'unclear',
  account_needed: 'account_needed',
  throttled: 'busy',
  timeout: 'unanswered',
  too_large: 'too_long',
  cancelled: 'cancelled',
  config: 'misconfigured',
};

/** What became of the attempt that failed with `error`, whoever threw it. */
export function attemptOf(error: unknown): Attempt {
  if (error instanceof AttemptError) return error.attempt;
  return { outcome: error instanceof GateError ? (OUTCOMES[error.code] ?? 'failed') : 'own_fault' };
}
