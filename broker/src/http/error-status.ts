// The table from error codes to HTTP statuses, and the body of an error answer.
import type { ErrorCode, GateError } from 'mcpgate-shared/error';
import { Mistake, type MistakePath } from '../domain/mistake.ts';
import { publicMessage } from '../domain/public-message.ts';

export const HTTP_STATUS = {
  usage: 400,
  config: 400,
  not_logged_in: 401,
  forbidden: 403,
  reauthenticate: 403,
  account_needed: 403,
  denied: 403,
  not_found: 404,
  conflict: 409,
  stale: 412,
  precondition_required: 428,
  gone: 410,
  key_reused: 422,
  throttled: 429,
  too_large: 413,
  unreachable: 502,
  untrusted: 502,
  protocol: 502,
  upstream: 502,
  timeout: 504,
  cancelled: 499,
  unknown_outcome: 502,
  unavailable: 503,
  keychain: 500,
  client_file: 400,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

export interface ErrorBody {
  error: { code: string; message: string; request_id: string; path?: MistakePath };
}

export function errorBody(error: GateError, requestId: string): ErrorBody {
  // The message of an internal error may quote anything, so it is in the log only; the answer says under which request to find it.
  const message =
    error.code === 'internal'
      ? `an unexpected error; the broker's log has it under request ${requestId}`
      : publicMessage(error);
  const where = error instanceof Mistake ? { path: error.path } : {};
  return { error: { code: error.code, message, request_id: requestId, ...where } };
}
