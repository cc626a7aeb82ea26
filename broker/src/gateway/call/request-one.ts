// Judges and carries out a request to one server whose params are passed on as they are, except for the name or URI of the thing: resources,
// tasks and completions. Tools and prompts, where there is more to do, have named-request.ts.
import type { RuleNames } from '../../policy/naming.ts';
import type { CallArguments, CompiledPolicy, Verdict } from '../../policy/verdict.ts';
import { carryOut } from './carry-out.ts';
import type { Call } from './forward.ts';
import { failureAnswer } from './answers.ts';
import { factsOf } from './facts.ts';
import { answerMissing, type Missing } from './not-forwarded.ts';
import type { Answer, Reply } from '../reply.ts';
import type { RequestParams } from './request-params.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';

export interface Requested {
  /** All names that rules may use for the requested thing; the record has the first. */
  ruleNames: RuleNames;
  /** Members of the params that the server must get in its own words: the JSON text, by the member's name. */
  replaced: Readonly<Record<string, string>>;
  /** What conditions see as the arguments; left out: there are none. */
  args?: (() => CallArguments) | undefined;
  /** The verdict, where the rules are not asked for it. */
  verdict?: Verdict;
}

/** The request is answered already and goes to no server. */
export interface Answered {
  reply: Reply;
}

export interface OneRequest extends Pick<Call, 'server' | 'rewrite' | 'onSent' | 'onStreamed'> {
  params: RequestParams;
  /** The same after a wait for a person, at its server as that is now; or the answer where there is no such thing any more. Left out: it is not waited for. */
  again?: () => OneRequest | Answer;
  /** Called with the caller's policy: says what is requested, or answers. */
  requested: (policy: CompiledPolicy) => Requested | Answered | Promise<Requested | Answered>;
}

/** Never rejects. */
export async function requestOne(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  one: OneRequest,
): Promise<Reply> {
  const { principal } = scope;
  const startedAt = parts.elapsedMs();
  const find = async ({ params, requested, again, ...meant }: OneRequest): Promise<Call | Reply> => {
    const { name } = meant.server;
    const policy = await parts.policies.get(principal.workspaceId);
    const known = await requested(policy);
    if ('reply' in known) return known.reply;
    const { ruleNames: names, replaced, args } = known;
    const facts = factsOf(parts, scope, handling, args);
    return {
      ...meant,
      what: names[0],
      verdict: known.verdict ?? policy.decide({ principal, server: name, names, facts }),
      policyVersion: policy.version,
      paramsText: params.forUpstream(replaced),
      argsDigest: null,
      argKeys: [],
      traceId: params.traceId,
      progressToken: params.progressToken,
      startedAt,
      ...(again !== undefined && {
        async again() {
          const now = again();
          return 'kind' in now ? now : await find(now);
        },
      }),
    };
  };
  try {
    const call = await find(one);
    if ('kind' in call) return call;
    return await carryOut(parts, scope, handling, call);
  } catch (error) {
    return failureAnswer(parts, handling, error, { name: one.server.name, workspaceId: principal.workspaceId });
  }
}

/** Answers a request for a thing that no server has. `server` and `rest`: as the client wrote them. Never rejects. */
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
    const facts = factsOf(parts, scope, handling);
    const missing = { ...asked, argsDigest: null, argKeys: [], startedAt, facts };
    return await answerMissing(parts, scope, handling.request, policy, missing);
  } catch (error) {
    return failureAnswer(parts, handling, error, { name: asked.server, workspaceId });
  }
}
