// When a request may be sent once more: the server provably did not execute it, or the caller may repeat it because it trusts what the
// tool says of itself. Everything else is sent once.
import { GateError } from 'mcpgate-shared/error';
import type { RetryReason } from '../domain/call-record.ts';

/** `never_sent`: it did not leave; `unauthorized`: HTTP 401; `session_lost`: the server does not know the session. */
type NotExecutedReason = 'never_sent' | 'unauthorized' | 'session_lost';

/** Why a tool may be called again although it may have been executed. */
export type Repeatable = 'read_only' | 'idempotent';

export function notExecuted(reason: NotExecutedReason, message: string, cause?: unknown): GateError {
  return new GateError('upstream', message, { cause, data: { notExecuted: reason } });
}

/** It was looked at and turned away: nothing was executed, and the same again would be turned away again. */
export function notCarriedOut(message: string): GateError {
  return new GateError('upstream', message, { data: { carriedOut: false } });
}

/** Undefined: it must not be sent again. */
export function retryReason(error: unknown, repeatable: Repeatable | undefined): RetryReason | undefined {
  if (!(error instanceof GateError)) return undefined;
  const reason = error.data?.['notExecuted'];
  if (reason === 'never_sent' || reason === 'unauthorized' || reason === 'session_lost') return reason;
  return error.code === 'unknown_outcome' ? repeatable : undefined;
}
