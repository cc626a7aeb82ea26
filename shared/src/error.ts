// The error class of mcpgate. Every failure that a person or a program may see has one of these codes. Each place where errors leave a process
// (HTTP status, exit code, JSON-RPC error, close code) has one table over all codes. Expected outcomes, such as a poll that is still pending, are
// values of union types and not errors.

export type ErrorCode =
  | 'usage' // the caller's input is wrong: flags, arguments, a body that does not fit
  | 'config' // a configuration file or key is wrong; the message has file, line and key
  | 'not_logged_in' // no usable credential: never logged in, expired for good, revoked
  | 'forbidden' // a known caller who may not do this
  | 'reauthenticate' // a known caller who may do this after showing anew who they are
  | 'account_needed' // a server wants an account that whoever asks must connect first
  | 'denied' // the policy said no
  | 'not_found'
  | 'conflict' // exists already, or changed meanwhile
  | 'stale' // it was changed since the caller has read it, and the caller asked not to overwrite that
  | 'precondition_required' // it must be said what was read before it is changed
  | 'gone' // existed, and is used up: one-time links, device codes
  | 'key_reused' // an idempotency key that came with another request before
  | 'throttled' // too many tries; `retryAfterMs` says how long to wait
  | 'too_large'
  | 'unreachable' // no broker, no DNS, refused, timed out
  | 'untrusted' // TLS certificate not trusted, or a peer that could not prove itself
  | 'protocol' // the other side broke the protocol
  | 'upstream' // a real MCP server failed: did not start, died, answered garbage
  | 'timeout'
  | 'cancelled'
  | 'unknown_outcome' // a call was sent and its answer is lost
  | 'unavailable' // this side cannot serve now: draining, store away
  | 'keychain' // the OS keychain is missing, locked or refused
  | 'client_file' // another program's file is unreadable or invalid; nothing was changed
  | 'internal';

/**
 * A failure with a message that says what happened and what to do, and never holds a secret. Where a caller must distinguish more than the
 * code says, the error gets a subclass with typed fields, or the function returns an outcome. There is no untyped record of details, because a
 * renamed field would break its readers silently.
 */
export class GateError extends Error {
  override readonly name = 'GateError';
  readonly code: ErrorCode;
  /** How long to wait before trying again, where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number | undefined }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** `error` as a GateError: itself, or an `internal` one that keeps it as its cause. */
export function toGateError(error: unknown, message = 'an unexpected error'): GateError {
  if (error instanceof GateError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new GateError('internal', `${message}: ${detail}`, { cause: error });
}

/** Exit codes of contract.md, for both commands. */
export const EXIT_CODE = {
  usage: 2,
  config: 2,
  not_logged_in: 3,
  forbidden: 1,
  reauthenticate: 1,
  account_needed: 1,
  denied: 1,
  not_found: 1,
  conflict: 1,
  stale: 1,
  precondition_required: 1,
  gone: 1,
  key_reused: 1,
  throttled: 1,
  too_large: 1,
  unreachable: 4,
  untrusted: 4,
  protocol: 1,
  upstream: 1,
  timeout: 1,
  cancelled: 130,
  unknown_outcome: 1,
  unavailable: 4,
  keychain: 1,
  client_file: 1,
  internal: 1,
} as const satisfies Record<ErrorCode, number>;

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(EXIT_CODE, value);
