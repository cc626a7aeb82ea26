// What a request is answered with that broke off before it could answer by itself.
import { toGateError } from 'mcpgate-shared/error';
import { isForTheLog } from '../domain/told-outside.ts';
import { errorMessage, type Failed, failureError, failureResult, resultMessage } from './answers.ts';
import type { Task } from './carry-out.ts';
import type { GatewayParts } from './session-scope.ts';

/** Undefined: the caller has cancelled, and expects none. */
export function failureAnswer(
  { log }: Pick<GatewayParts, 'log'>,
  { request, signal }: Pick<Task, 'request' | 'signal'>,
  error: unknown,
  failed: Failed,
): string | undefined {
  const failure = toGateError(error);
  if (isForTheLog(failure)) log.error({ err: error, server: failed.name }, 'a request failed inside the gateway');
  if (signal.aborted) return undefined;
  return request.method === 'tools/call'
    ? resultMessage(request.idText, failureResult(failure, failed))
    : errorMessage(request.idText, failureError(failure, failed));
}
