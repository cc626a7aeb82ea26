// What a request is answered with that broke off before it could answer by itself.
import { toGateError } from 'mcpgate-shared/error';
import { mustBeLogged } from '../../domain/public-message.ts';
import { type Failed, failureReply } from './answers.ts';
import { NO_REPLY, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';

export function failureAnswer(
  { log }: Pick<GatewayParts, 'log'>,
  { request, signal }: Pick<Handling, 'request' | 'signal'>,
  error: unknown,
  failed: Failed,
): Reply {
  const failure = toGateError(error);
  if (mustBeLogged(failure)) log.error({ err: error, server: failed.name }, 'a request failed inside the gateway');
  return signal.aborted ? NO_REPLY : failureReply(request.method, failure, failed);
}
