// Answers and records requests that go to no server: those that the rules deny, and those for things that do not exist. Names are judged before
// they are looked up, so a caller who may not use a thing gets the same answer whether it exists or not.
import type { CallOutcome } from '../../domain/call-record.ts';
import type { Approval } from '../../approvals/approvals.ts';
import { type Denial, denialReply } from './answers.ts';
import { approvalReply } from '../approvals/approval-reply.ts';
import { keptArguments } from '../kept-arguments.ts';
import { callIntent, type Judged } from './call-intent.ts';
import { nameAtServer, ruleNames, type RuleKind } from '../../policy/naming.ts';
import type { CompiledPolicy, Facts } from '../../policy/verdict.ts';
import type { Answer } from '../reply.ts';
import { spanOf } from '../span-of.ts';
import type { Request } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { whoOf, type SessionScope } from '../session-scope.ts';

/** Records the denial and returns its answer. */
export async function answerDenied(
  parts: Pick<GatewayParts, 'audit' | 'traces' | 'elapsedMs' | 'approvals' | 'log'>,
  scope: SessionScope,
  request: Request,
  server: string,
  judged: Judged,
): Promise<Answer> {
  const offer = await offerOf(parts, scope, server, judged);
  const answer = denialReply(request.method, { ...denialFor(scope, server, judged), offer });
  await record(parts, scope, request, server, judged, { status: 'denied', code: 'denied', answer });
  return answer;
}

/** Under which id, and where, the caller can ask for what no rule allows. */
async function offerOf(
  { approvals, log }: Pick<GatewayParts, 'approvals' | 'log'>,
  { principal, client, address }: SessionScope,
  server: string,
  { verdict, what, policyVersion }: Judged,
): Promise<Denial['offer']> {
  if (verdict.rule !== null || verdict.decision !== 'deny') return undefined;
  // A rule with the name alone would open it at every server.
  const there = nameAtServer(server, what);
  if (there === undefined) return undefined;
  const from = { clientName: client.name, address: address() ?? null };
  const denied = { principal, ...from, server, what: there, policyVersion };
  const id = await approvals.offer(denied).catch((error: unknown) => {
    log.warn({ err: error }, 'what was denied cannot be asked for');
    return undefined;
  });
  return id === undefined ? undefined : { id, page: approvals.pageOf({ id }) };
}

/** Records a call that was not approved, or not yet, and returns its answer. */
export async function answerWaiting(
  parts: Pick<GatewayParts, 'audit' | 'traces' | 'elapsedMs' | 'approvals'>,
  scope: SessionScope,
  request: Request,
  call: Judged & { server: { name: string } },
  approval: Approval,
  how: 'waits' | 'denied' | 'cancelled',
): Promise<Answer> {
  const server = call.server.name;
  const answer = approvalReply(request.method, denialFor(scope, server, call), approval, {
    asked: await parts.approvals.approversNow(approval),
    page: parts.approvals.pageOf(approval),
  });
  const [status, code] = how === 'cancelled' ? ([how, how] as const) : (['denied', OUTCOMES[how]] as const);
  await record(parts, scope, request, server, call, { status, code, answer });
  return answer;
}

const OUTCOMES = { waits: 'approval_pending', denied: 'approval_denied' } as const;

/** The answer to a request that the rules deny, as `judged` says. */
export function denialOf(scope: SessionScope, method: string, server: string, judged: Judged): Answer {
  return denialReply(method, denialFor(scope, server, judged));
}

function denialFor({ principal }: SessionScope, server: string, judged: Judged): Denial {
  const { kind, label } = principal.credential;
  return {
    verdict: judged.verdict,
    policyVersion: judged.policyVersion,
    server,
    what: judged.what,
    who: whoOf(principal),
    workspaceId: principal.workspaceId,
    ...(kind === 'grant' && { grant: label }),
  };
}

/** A request for a thing that does not exist. */
export interface Missing extends Omit<Judged, 'what' | 'verdict' | 'policyVersion' | 'server'> {
  kind: RuleKind;
  /** The server's name as the client wrote it, whether there is such a server or not; empty where the client named none. */
  server: string;
  /** The name or URI within the server. */
  rest: string;
  facts: Facts;
  /** The answer for callers whom the rules would allow to use the thing. */
  error: Answer;
}

/** The denial where the rules deny the name, else the answer that it does not exist. */
export async function answerMissing(
  parts: Pick<GatewayParts, 'audit' | 'traces' | 'elapsedMs' | 'refused' | 'approvals' | 'log'>,
  scope: SessionScope,
  request: Request,
  policy: CompiledPolicy,
  { kind, server, rest, facts, error, ...asked }: Missing,
): Promise<Answer> {
  // What is not there is of no class, and what is of none counts as one that may write.
  const names = ruleNames(kind, server, rest, 'write');
  const verdict = policy.decide({ principal: scope.principal, server, names, facts });
  const judged: Judged = { ...asked, what: names[0], verdict, policyVersion: policy.version };
  if (verdict.decision === 'deny') return await answerDenied(parts, scope, request, server, judged);
  parts.refused.note(scope.principal, 'unknown_name', request.method, () =>
    record(parts, scope, request, server, judged, { status: 'failed', code: 'not_found', answer: error }),
  );
  return error;
}

async function record(
  parts: Pick<GatewayParts, 'audit' | 'traces' | 'elapsedMs'>,
  scope: SessionScope,
  request: Request,
  server: string,
  judged: Judged,
  { status, code, answer }: { status: CallOutcome['status']; code: string; answer: Answer },
): Promise<void> {
  const span = spanOf(parts, request, judged);
  const traceId = span?.traceId ?? judged.traceId;
  const intent = await callIntent(scope, request, server, { ...judged, traceId });
  const outcome = unsent(parts, judged, status, code, answer);
  const kept = keptArguments(request, judged.server?.auditArguments ?? 'none');
  await parts.audit.recordCall(intent, outcome, kept, (callId) => span?.end(callId, intent, outcome));
}

function unsent(
  { elapsedMs }: Pick<GatewayParts, 'elapsedMs'>,
  { startedAt }: Judged,
  status: CallOutcome['status'],
  errorCode: string,
  { text }: Answer,
): CallOutcome {
  return {
    status,
    error_code: errorCode,
    latency_ms: Math.round((elapsedMs() - startedAt) * 100) / 100,
    upstream_ms: null,
    response_bytes: Buffer.byteLength(text),
    secret_versions: [],
    attempts: 0,
    retry_reason: null,
    input_rounds: 0,
    input_asked: [],
  };
}
