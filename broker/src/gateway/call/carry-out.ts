// Carries out a request whose server is known: ask the workspace's hook -> take of the allowances of rules -> record the intent (committed) -> forward -> record the outcome ->
// answer. There is no other way to a server: tools, resources, prompts, tasks and completions all take this one.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { CallIntent, CallOutcome } from '../../domain/call-record.ts';
import type { GivenBack } from '../../domain/approval.ts';
import { type LimitedCall, withinLimits } from '../../limits/within-limits.ts';
import { byteLengthOf } from '../../message/pieces.ts';
import { callIntent } from './call-intent.ts';
import { authorized } from '../authorize/authorized.ts';
import { digestOfCall, isNextRound } from '../authorize/forwarded-arguments.ts';
import { type Call, forward, type Forwarded } from './forward.ts';
import { onceConnected } from '../accounts/once-connected.ts';
import { onceApproved } from '../approvals/once-approved.ts';
import { keptArguments } from '../kept-arguments.ts';
import { createInputTally } from './input-tally.ts';
import { answerDenied, denialOf } from './not-forwarded.ts';
import { spanOf } from '../span-of.ts';
import { errorReply, NO_REPLY, type Answer, type Reply } from '../reply.ts';
import type { Handling, Request } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { type SessionScope, userKeyOf } from '../session-scope.ts';
import { withOwnAnswers } from '../tasks/answered-task.ts';
import { withOwnTask } from '../tasks/related-task.ts';

/** Rejects where the intent cannot be recorded; then nothing was forwarded. */
export async function carryOut(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  judgedByRules: Call,
): Promise<Reply> {
  const { request } = handling;
  const { server } = judgedByRules;
  if (judgedByRules.verdict.decision === 'deny')
    return await answerDenied(parts, scope, request, server.name, judgedByRules);
  const verdict = await authorized(parts, scope, handling, judgedByRules);
  const call: Call = { ...judgedByRules, verdict };
  if (verdict.decision === 'deny') {
    await call.approvalBack?.('not_carried_out');
    return await answerDenied(parts, scope, request, server.name, call);
  }
  if (verdict.decision === 'ask')
    return await onceApproved(parts, scope, handling, call, (approved) => carryOut(parts, scope, handling, approved));
  const sent = await asServerKnowsTasks(parts, scope, request, call);
  if (sent === undefined) {
    await call.approvalBack?.('not_carried_out');
    return answerForeignTask(parts, scope, request);
  }
  const takeFor = (of: Call) => withinLimits(parts, limitedCall(scope, request, of));
  const limited = await takeFor(sent);
  const judged = { ...sent, verdict: limited.verdict };
  let { giveBack } = limited;
  if (giveBack === undefined) {
    await call.approvalBack?.('not_carried_out');
    return await answerDenied(parts, scope, request, server.name, judged);
  }
  const sinceStart = () => Math.round((parts.elapsedMs() - call.startedAt) * 100) / 100;
  let intent: CallIntent;
  let callId: string;
  const span = spanOf(parts, request, judged);
  try {
    intent = await callIntent(scope, request, server.name, { ...judged, traceId: span?.traceId ?? judged.traceId });
    callId = await parts.audit.beginCall(intent, keptArguments(request, server.auditArguments));
  } catch (error) {
    await giveBack('not_carried_out');
    throw error;
  }
  const input = handling.input ?? createInputTally();
  const each = { ...handling, input, span };
  const first = await forward(parts, scope, each, judged, callId);
  const forwarded = await onceConnected(parts, scope, each, call, first, async (again) => {
    const verdictNow = await authorized(parts, scope, each, { ...again, isApproved: call.isApproved === true });
    if (verdictNow.decision === 'deny' || (verdictNow.decision === 'ask' && again.verdict.decision !== 'ask'))
      return deniedNow(first, denialOf(scope, request.method, server.name, { ...again, verdict: verdictNow }));
    const next = await asServerKnowsTasks(parts, scope, request, again);
    if (next === undefined) return answerForeignTask(parts, scope, request);
    // What the rules say now may be about other allowances than what they said before the wait.
    await giveBack?.('not_carried_out');
    const limitedNow = await takeFor(next);
    ({ giveBack } = limitedNow);
    if (giveBack !== undefined) return await forward(parts, scope, each, next, callId);
    return deniedNow(first, denialOf(scope, request.method, server.name, { ...next, verdict: limitedNow.verdict }));
  });
  const why = whyBack(forwarded);
  if (why !== undefined) {
    await giveBack?.(why);
    await call.approvalBack?.(why);
  }
  const outcome: CallOutcome = {
    status: forwarded.status,
    error_code: forwarded.errorCode,
    latency_ms: sinceStart(),
    upstream_ms: forwarded.upstreamMs,
    response_bytes: byteLengthOf(forwarded.answer.text, forwarded.answer.pieces),
    secret_versions: forwarded.secretVersions,
    attempts: forwarded.attempts,
    retry_reason: forwarded.retryReason,
    input_rounds: input.rounds,
    input_asked: input.asked,
  };
  try {
    await parts.audit.endCall(callId, intent, outcome, span?.end(callId, intent, outcome));
  } catch (error) {
    // The call was carried out and its intent is committed, so the client gets its answer. Until the outcome is written, the record says that
    // it is unknown.
    parts.log.error({ err: error, callId }, 'the outcome of a call is not recorded yet');
  }
  return handling.signal.aborted ? NO_REPLY : forwarded.answer;
}

function whyBack({ isUnexecuted, asksForMore }: Forwarded): GivenBack | undefined {
  if (isUnexecuted === true) return 'not_carried_out';
  return asksForMore === true ? 'asked_for_more' : undefined;
}

function limitedCall({ principal }: SessionScope, request: Request, call: Call): LimitedCall {
  const { verdict, server, what, paramsText } = call;
  return {
    ...{ workspaceId: principal.workspaceId, verdict, isNextRound: isNextRound(request) },
    async identity() {
      const digest = await digestOfCall(request.method, paramsText, request.pieces);
      return JSON.stringify([userKeyOf(principal), server.id, what, digest]);
    },
  };
}

/** What was decided anew after a wait; the intent holds what was said before. */
const deniedNow = (first: Forwarded, answer: Answer): Forwarded => ({
  ...first,
  ...{ status: 'denied', errorCode: 'denied', answer },
});

/** The call with the server's own ids of the tasks in it; undefined where one of these is another caller's. */
async function asServerKnowsTasks(
  parts: GatewayParts,
  scope: SessionScope,
  request: Request,
  call: Call,
): Promise<Call | undefined> {
  const { name } = call.server;
  const asked = await withOwnTask(parts, scope, name, request.params, call.paramsText);
  const paramsText = asked && (await withOwnAnswers(parts, scope, name, request, asked));
  return paramsText === undefined ? undefined : { ...call, paramsText };
}

/** A task of another caller is answered like one that does not exist, as `tasks/get` does. */
function answerForeignTask(parts: GatewayParts, { principal }: SessionScope, { method }: Request): Answer {
  parts.refused.note(principal, 'unknown_task', method);
  return errorReply(
    RPC_CODE.invalidParams,
    `"_meta" of the request, or of an answer in it, names a task that is none of yours on the server that it is for`,
  );
}
