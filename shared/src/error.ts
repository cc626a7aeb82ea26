// The one error of the product. Every failure that a person or a program may see is one of these codes; each edge (HTTP, exit code,
// JSON-RPC, close code) has one table over the closed union. Expected outcomes (poll pending, denied) are unions, not throws.

export type ErrorCode =
  | 'usage' // the caller's words are wrong: flags, arguments, a body that does not fit
  | 'config' // a configuration file or key is wrong; the message has file, line and key
  | 'not_logged_in' // no usable credential: never logged in, expired for good, revoked
  | 'forbidden' // a known caller who may not do this
  | 'denied' // the policy said no
  | 'not_found'
  | 'conflict' // exists already, or changed meanwhile
  | 'gone' // was there, is used up: one-time links, device codes
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
 * A failure with a message that says what happened and what to do, and never holds a secret. What code is to tell apart beyond the code is a
 * class of its own with typed fields, or an outcome that its function returns: a record of anything would survive no renaming.
 */
export class GateError extends Error {
  override readonly name = 'GateError';
  readonly code: ErrorCode;
  /** The same may be tried again after so long, where that is known. */
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
  denied: 1,
  not_found: 1,
  conflict: 1,
  gone: 1,
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
