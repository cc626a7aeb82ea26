// Errors of the API as problem details (RFC 9457), which hold what its clients have read from the beginning: `error` with code, message and request id.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { GateError, type ErrorCode } from 'mcpgate-shared/error';
import { errorBody, HTTP_STATUS, type ErrorBody } from './error-status.ts';
import { pathOf } from './doors/canonical-path.ts';

export const PROBLEM = 'application/problem+json';

/** What kind of thing has happened, in the same words whatever it happened to. */
const TITLE = {
  usage: 'The request is not as it must be',
  config: 'The configuration is wrong',
  not_logged_in: 'There is no valid sign-in or token',
  reauthenticate: 'The person must prove again who they are',
  forbidden: 'The caller may not do this',
  account_needed: 'An account must be connected first',
  denied: 'The rules do not allow it',
  not_found: 'It does not exist',
  conflict: 'It does not fit what is there',
  stale: 'It was changed meanwhile',
  precondition_required: 'It must be said what is to be changed',
  gone: 'It is used up or over',
  throttled: 'Too much was asked for',
  key_reused: 'The idempotency key is of another request',
  too_large: 'It is too large',
  unreachable: 'Something else cannot be reached',
  untrusted: 'Something else is not trusted',
  protocol: 'Something else does not keep to its protocol',
  upstream: 'A server has failed',
  timeout: 'It took too long',
  cancelled: 'It was cancelled',
  unknown_outcome: 'Whether it was done is not known',
  unavailable: 'The broker cannot serve now',
  keychain: 'The keychain cannot be used',
  client_file: 'A file cannot be used',
  internal: 'Something unexpected has happened',
} as const satisfies Record<ErrorCode, string>;

interface ProblemBody extends ErrorBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
}

/** `status`: where it is another than that of the code. */
export function problemBody(
  error: GateError,
  requestId: string,
  status: number = HTTP_STATUS[error.code],
): ProblemBody {
  const body = errorBody(error, requestId);
  return {
    type: `urn:mcpgate:error:${error.code}`,
    title: TITLE[error.code],
    status,
    detail: body.error.message,
    instance: `urn:uuid:${requestId}`,
    ...body,
  };
}

/** Whether the path is of the API, whose errors are problems. */
export const isOfApi = (url: string): boolean => pathOf(url).startsWith('/api/');

/** Answers 503 before any app has seen the request. */
export function answerUnavailable(
  request: IncomingMessage,
  response: ServerResponse,
  { message, retryAfterS }: { message: string; retryAfterS: number },
): void {
  const id = randomUUID();
  const error = new GateError('unavailable', message);
  const isApi = isOfApi(request.url ?? '/');
  response.writeHead(HTTP_STATUS.unavailable, {
    'content-type': isApi ? PROBLEM : 'application/json; charset=utf-8',
    'retry-after': String(retryAfterS),
    'x-request-id': id,
  });
  response.end(JSON.stringify(isApi ? problemBody(error, id) : errorBody(error, id)));
}
