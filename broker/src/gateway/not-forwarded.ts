// Requests that go to no server: what the rules deny, and what is not there. Whoever may not use a thing hears the same whether it is there
// or not: a name is judged before it is looked for.
import type { CallIntent, CallOutcome } from '../domain/call-record.ts';
import type { CompiledPolicy } from '../policy/decide.ts';
import type { ListKind } from '../upstreams/upstream.ts';
import { denialError, denialResult, errorMessage, resultMessage } from './answers.ts';
import { callIntent, type Judged } from './call-intent.ts';
import type { Task } from './carry-out.ts';
import { exposedAs, type CatalogItem } from './catalog.ts';
import { judge } from '../policy/judge.ts';
import { whoOf, type GatewayParts, type SessionScope } from './session-scope.ts';

type Recorded = Pick<Task, 'request' | 'text' | 'pieces'>;

/** The denial as a message; it is recorded by then. */
export async function answerDenied(
  parts: Pick<GatewayParts, 'audit' | 'elapsedMs'>,
  scope: SessionScope,
  task: Recorded,
  server: string,
  judged: Judged,
): Promise<string> {
  const { idText, method } = task.request;
  const { principal } = scope;
  const isTool = method === 'tools/call';
  const denial = {
    verdict: judged.verdict,
    policyVersion: judged.policyVersion,
    server,
    what: judged.what,
    who: whoOf(principal),
    workspaceId: principal.workspaceId,
  };
  const text = isTool ? denialResult(denial) : denialError(denial);
  const intent = await callIntent(scope, task, server, judged);
  await parts.audit.recordCall(intent, unsent(parts, judged, 'denied', 'denied', text));
  return isTool ? resultMessage(idText, text) : errorMessage(idText, text);
}

/** What is asked for, and is not there. */
export interface Missing extends Omit<Judged, 'what' | 'verdict' | 'policyVersion'> {
  kind: ListKind;
  /** As the caller wrote it: of a server that there is, or of none; empty where the name says no server. */
  server: string;
  /** The name or URI within the server. */
  rest: string;
  /** The JSON-RPC error object for those who might use it, were it there. */
  errorText: string;
}

/** The answer as a message: the denial where the rules deny the name, else that it is not there. */
export async function answerMissing(
  parts: Pick<GatewayParts, 'audit' | 'elapsedMs' | 'refused'>,
  scope: SessionScope,
  task: Recorded,
  policy: CompiledPolicy,
  { kind, server, rest, errorText, ...asked }: Missing,
): Promise<string> {
  const { whats } = server === '' ? withoutServer(kind, rest) : exposedAs(kind, server, rest);
  const verdict = judge(policy, scope.principal, server, whats);
  const judged: Judged = { ...asked, what: whats[0], verdict, policyVersion: policy.version };
  if (verdict.decision === 'deny') return await answerDenied(parts, scope, task, server, judged);
  parts.refused.note(scope.principal, 'unknown_name', task.request.method, async () => {
    const intent: CallIntent = await callIntent(scope, task, server, judged);
    await parts.audit.recordCall(intent, unsent(parts, judged, 'failed', 'not_found', errorText));
  });
  return errorMessage(task.request.idText, errorText);
}

function withoutServer(kind: ListKind, name: string): Pick<CatalogItem, 'whats'> {
  if (kind === 'tools') return { whats: [name] };
  return { whats: [`${kind === 'prompts' ? 'prompt' : 'resource'}:${name}`] };
}

function unsent(
  { elapsedMs }: Pick<GatewayParts, 'elapsedMs'>,
  { startedAt }: Judged,
  status: CallOutcome['status'],
  errorCode: string,
  text: string,
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
