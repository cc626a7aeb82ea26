// A request that is meant for one server and is there as it was written, but for what names the thing: judged, carried out, and answered
// also where that breaks off. Tools and prompts, whose names and arguments want more, have named-request.ts.
import type { RuleNames } from '../../policy/naming.ts';
import type { CompiledPolicy } from '../../policy/verdict.ts';
import { carryOut, type Call } from './carry-out.ts';
import { failureAnswer } from './failure-answer.ts';
import { judge } from '../../policy/judge.ts';
import { answerMissing, type Missing } from './not-forwarded.ts';
import type { Reply } from '../reply.ts';
import type { RequestParams } from './request-params.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export interface Asked {
  /** What is asked, by every name that rules may know it by; the record has the first. */
  ruleNames: RuleNames;
  /** What the server calls differently from the client: JSON text by the member of the params. */
  replaced: Readonly<Record<string, string>>;
}

/** It is answered already. */
export interface Answered {
  reply: Reply;
}

export interface OneRequest extends Pick<Call, 'server' | 'rewrite' | 'onSent'> {
  params: RequestParams;
  /** Called once there are rules to judge it by. */
  asked: (policy: CompiledPolicy) => Asked | Answered | Promise<Asked | Answered>;
}

/** Never rejects. */
export async function requestOne(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  { params, asked, ...meant }: OneRequest,
): Promise<Reply> {
  const { principal } = scope;
  const { name } = meant.server;
  try {
    const startedAt = parts.elapsedMs();
    const policy = await parts.policies.get(principal.workspaceId);
    const known = await asked(policy);
    if ('reply' in known) return known.reply;
    const { ruleNames, replaced } = known;
    return await carryOut(parts, scope, handling, {
      ...meant,
      what: ruleNames[0],
      verdict: judge(policy, principal, name, ruleNames),
      policyVersion: policy.version,
      paramsText: params.forUpstream(replaced),
      argsDigest: null,
      argKeys: [],
      traceId: params.traceId,
      progressToken: params.progressToken,
      startedAt,
    });
  } catch (error) {
    return failureAnswer(parts, handling, error, { name, workspaceId: principal.workspaceId });
  }
}

/** The answer to a request for what no server has: `server` and `rest` as the caller wrote them. Never rejects. */
export async function missingOne(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  asked: Pick<Missing, 'kind' | 'server' | 'rest' | 'traceId' | 'error'>,
): Promise<Reply> {
  const { workspaceId } = scope.principal;
  const startedAt = parts.elapsedMs();
  try {
    const policy = await parts.policies.get(workspaceId);
    const missing = { ...asked, argsDigest: null, argKeys: [], startedAt };
    return await answerMissing(parts, scope, handling.request, policy, missing);
  } catch (error) {
    return failureAnswer(parts, handling, error, { name: asked.server, workspaceId });
  }
}
