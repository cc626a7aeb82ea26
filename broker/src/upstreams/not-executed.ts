// Failures after which a request may be sent again, because the server provably did not execute it.
import { GateError } from 'mcpgate-shared/error';

/** `never_sent`: it did not leave; `unauthorized`: HTTP 401; `session_lost`: the server does not know the session. */
export type NotExecutedReason = 'never_sent' | 'unauthorized' | 'session_lost';

export function notExecuted(reason: NotExecutedReason, message: string, cause?: unknown): GateError {
  return new GateError('upstream', message, { cause, data: { notExecuted: reason } });
}

export function notExecutedReason(error: unknown): NotExecutedReason | undefined {
  const reason = error instanceof GateError ? error.data?.['notExecuted'] : undefined;
  return reason === 'never_sent' || reason === 'unauthorized' || reason === 'session_lost' ? reason : undefined;
}
