// A request that is meant for one server and is there as it was written, but for what names the thing: judged, carried out, and answered
// also where that breaks off. Tools and prompts, whose names and arguments want more, have named-request.ts.
import type { CompiledPolicy } from '../policy/decide.ts';
import { carryOut, type Errand, type Task } from './carry-out.ts';
import { failureAnswer } from './failure-answer.ts';
import { judge } from '../policy/judge.ts';
import { answerMissing, type Missing } from './not-forwarded.ts';
import type { RequestParams } from './request-params.ts';
import type { GatewayParts, SessionScope } from './session-scope.ts';

export interface Asked {
  /** What is asked, by every name that rules may know it by; the record has the first. */
  whats: readonly [string, ...string[]];
  /** What the server calls differently from the client: JSON text by the member of the params. */
  replaced: Readonly<Record<string, string>>;
}

/** It is answered already. */
export interface Answered {
  answer: string | undefined;
}

export interface OneRequest extends Pick<Errand, 'server' | 'rewrite' | 'onSent'> {
  params: RequestParams;
  /** Called once there are rules to judge it by. */
  asked: (policy: CompiledPolicy) => Asked | Answered | Promise<Asked | Answered>;
}

/** The answer as a message, or undefined where none is to be sent (`carryOut`). Never rejects. */
export async function requestOne(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  { params, asked, ...meant }: OneRequest,
): Promise<string | undefined> {
  const { principal } = scope;
  const { name } = meant.server;
  try {
    const startedAt = parts.elapsedMs();
    const policy = await parts.policies.get(principal.workspaceId);
    const known = await asked(policy);
    if ('answer' in known) return known.answer;
    const { whats, replaced } = known;
    return await carryOut(parts, scope, task, {
      ...meant,
      what: whats[0],
      verdict: judge(policy, principal, name, whats),
      policyVersion: policy.version,
      paramsText: params.forUpstream(replaced),
      argsDigest: null,
      argKeys: [],
      traceId: params.traceId,
      progressToken: params.progressToken,
      startedAt,
    });
  } catch (error) {
    return failureAnswer(parts, task, error, { name, workspaceId: principal.workspaceId });
  }
}

/** The answer to a request for what no server has: `server` and `rest` as the caller wrote them. Never rejects. */
export async function missingOne(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  asked: Pick<Missing, 'kind' | 'server' | 'rest' | 'traceId' | 'errorText'>,
): Promise<string | undefined> {
  const { workspaceId } = scope.principal;
  const startedAt = parts.elapsedMs();
  try {
    const policy = await parts.policies.get(workspaceId);
    const missing = { ...asked, argsDigest: null, argKeys: [], startedAt };
    return await answerMissing(parts, scope, task, policy, missing);
  } catch (error) {
    return failureAnswer(parts, task, error, { name: asked.server, workspaceId });
  }
}
