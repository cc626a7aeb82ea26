// Handles a call that failed because its person has no account at the server, or one that does not suffice: asks the person to connect it,
// waits, and forwards the call again, within the same record. Every other outcome of a call stays as it is.
import { toGateError } from 'mcpgate-shared/error';
import { denialOf } from '../call/not-forwarded.ts';
import { failureReply } from '../call/answers.ts';
import type { Call, Forwarded } from '../call/forward.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { Answer } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { askForAccount } from './ask-for-account.ts';

/** `send`: forwards the call as it was looked up anew. Never rejects: the intent of the call is recorded already, so it needs an outcome. */
export async function onceConnected(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  call: Call,
  refused: Forwarded,
  send: (again: Call) => Promise<Forwarded | Answer>,
): Promise<Forwarded> {
  const { server, progressToken } = call;
  const { method } = handling.request;
  if (refused.lack === undefined || call.again === undefined) return refused;
  const failed = (errorCode: string, answer: Answer): Forwarded => ({
    ...refused,
    status: 'failed',
    errorCode,
    answer,
  });
  try {
    const asked = await askForAccount(parts, scope, handling, { server, lack: refused.lack, progressToken });
    if (handling.signal.aborted) return { ...refused, status: 'cancelled', errorCode: 'cancelled' };
    if (asked.kind === 'failed') return refused;
    if (asked.kind === 'answer') return { ...refused, answer: asked.answer };
    const again = await call.again();
    if ('kind' in again) return again.kind === 'none' ? refused : failed('not_found', again);
    if (again.verdict.decision === 'deny' || (again.verdict.decision === 'ask' && !isApproved(call, again))) {
      // The rules have changed meanwhile; the intent holds what they said before.
      return { ...refused, status: 'denied', errorCode: 'denied', answer: denialOf(scope, method, server.name, again) };
    }
    const sent = await send(again);
    if ('kind' in sent) return failed('invalid_params', sent);
    const attempts = refused.attempts + sent.attempts;
    return { ...sent, attempts, retryReason: refused.attempts > 0 ? 'unauthorized' : sent.retryReason };
  } catch (error) {
    const failure = toGateError(error);
    return failed(failure.code, failureReply(method, failure, server));
  }
}

/** Whether the rule that asks about it now is the one under which the call was approved. */
const isApproved = (call: Call, again: Call): boolean =>
  call.verdict.rule === again.verdict.rule && call.policyVersion === again.policyVersion;
