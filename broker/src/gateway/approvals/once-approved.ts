// Handles a call that a rule asks somebody about: asks the approvers, waits as long as the client can, and has the call carried out once it is
// approved. What is carried out is what was approved, under the very rules under which it was asked; until then nothing goes to the server.
import type { Approval } from '../../approvals/approvals.ts';
import type { GivenBack } from '../../domain/approval.ts';
import type { Verdict } from '../../policy/verdict.ts';
import type { Call } from '../call/forward.ts';
import { answerDenied, answerWaiting } from '../call/not-forwarded.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { NO_REPLY, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { askedCall } from './asked-call.ts';
import { untilDecided } from './until-decided.ts';

/** What was begun by a call that was approved, or ends what was begun, is not asked about again. */
const FOLLOWS = /^tasks\/|\/unsubscribe$/;
/** What is asked at each key that a person types. */
const COMPLETES = 'completion/complete';

/** `carryOut`: with a verdict that allows it. */
export async function onceApproved(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  call: Call,
  carryOut: (approved: Call) => Promise<Reply>,
): Promise<Reply> {
  const { request, signal } = handling;
  const { rule } = call.verdict;
  if (FOLLOWS.test(request.method)) return await carryOut(allowed(call, 'it follows a call that was approved'));
  if (rule === null || request.method === COMPLETES)
    return await answerDenied(parts, scope, request, call.server.name, call);

  let now = call;
  let asked = await askedCall(scope, handling, call, rule);
  let approval = await parts.approvals.ask(asked);
  if (approval.state === 'open' && call.again !== undefined) {
    await untilDecided(parts, scope, handling, call, approval);
    if (signal.aborted) {
      await answerWaiting(parts, scope, request, call, approval, 'cancelled');
      return NO_REPLY;
    }
    // Anything may have changed meanwhile: the rules, the server, the rights of the caller.
    const again = await call.again();
    if ('kind' in again) return again;
    if (again.verdict.decision === 'deny') return await answerDenied(parts, scope, request, again.server.name, again);
    if (again.verdict.decision !== 'ask' || again.verdict.rule === null) return await carryOut(again);
    now = again;
    asked = await askedCall(scope, handling, again, again.verdict.rule);
    approval = await parts.approvals.ask(asked);
  }
  if (approval.state === 'approved') {
    if (await parts.approvals.use(approval)) {
      const approvalBack = givingBack(parts, approval);
      const approved = allowed(now, `${approval.decidedBy} approved it`);
      try {
        return await carryOut({ ...approved, approvalBack });
      } catch (error) {
        await approvalBack('not_carried_out');
        throw error;
      }
    }
    // Another call of the same has used it up.
    approval = await parts.approvals.ask(asked);
  }
  return await answerWaiting(parts, scope, request, now, approval, isDenied(approval) ? 'denied' : 'waits');
}

const isDenied = ({ state }: Approval): boolean => state === 'denied';

/**
 * What cannot be given back stays used, and the next of the same is asked about. It is given back once, however often that is called: another call may
 * have used it since.
 */
function givingBack({ approvals, log }: GatewayParts, approval: Approval): (why: GivenBack) => Promise<void> {
  let given: Promise<void> | undefined;
  return (why) =>
    (given ??= approvals
      .giveBack(approval, why)
      .catch((error: unknown) => log.warn({ err: error, request: approval.id }, 'an approval was not given back')));
}

function allowed(call: Call, why: string): Call {
  const verdict: Verdict = { ...call.verdict, decision: 'allow', reason: `rule ${call.verdict.rule} asks, and ${why}` };
  return { ...call, verdict, isApproved: true };
}
