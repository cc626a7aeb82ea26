// The way of every request that is meant for a server, once it is known which: decide -> record the intent (committed) -> forward ->
// record the outcome -> answer. Tools, resources, prompts and whatever else a server understands go the same way.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { CallOutcome, CallStatus, RetryReason } from '../domain/call-record.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { byteLengthOf, type Pieces } from '../message/pieces.ts';
import { parseRecord } from '../upstreams/json-rpc-guard.ts';
import type { Repeatable } from '../upstreams/retry-reason.ts';
import { untilAborted } from '../upstreams/until-aborted.ts';
import type { UpstreamSession } from '../upstreams/upstream.ts';
import { errorMessage, errorObject, failureError, failureResult, resultMessage } from './answers.ts';
import { callIntent, type Judged } from './call-intent.ts';
import { INVALID_PARAMS, type ClientRequest } from './envelope.ts';
import { createInputTally, type InputTally } from './input-tally.ts';
import { isLogged } from './logging.ts';
import { answerDenied } from './not-forwarded.ts';
import { progressMessage, serverNotification } from './server-notification.ts';
import { whoOf, type GatewayParts, type SessionScope } from './session-scope.ts';
import { withOwnTask } from './tasks/related-task.ts';

/** A request of the client, as it came. */
export interface Task {
  request: ClientRequest;
  /** The whole message. */
  text: string;
  /** What was taken out of a large one. */
  pieces: Pieces | undefined;
  signal: AbortSignal;
  /** Sends the client a notification about the request. */
  tell: (text: string) => void;
  /** It goes to this server now, whose connection may be made for it. */
  sentTo?: (server: string) => void;
  /** Counts what is asked of the client meanwhile. */
  input?: InputTally;
  /** Answers with a large message. */
  answer: (text: string, pieces: Pieces) => void;
}

/** The same, meant for one server and judged. */
export interface Errand extends Judged {
  server: ServerRecord;
  /** The params for the server, as JSON text. */
  paramsText: string;
  /** The caller's progress token as it was written. */
  progressToken: string | undefined;
  /** It may be sent again where its connection died under it. */
  repeatable?: Repeatable;
  /** Puts the names and URIs of mcpgate into what the server answered: a result's text, or an error object's. */
  rewrite: (text: string) => string;
  /** It is sent to the server now; what it returns is called where the server does not answer with a result. */
  onSent?: () => () => void;
  /** Why it cannot be sent at all. */
  failure?: GateError;
}

/** The answer as a message, or undefined where none is to be sent: the caller has cancelled, or it was large and is sent. Rejects where nothing may be forwarded: no record, no call. */
export async function carryOut(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  errand: Errand,
): Promise<string | undefined> {
  const { idText } = task.request;
  const { verdict, server } = errand;
  if (verdict.decision === 'deny') return await answerDenied(parts, scope, task, server.name, errand);
  const paramsText = await withOwnTask(parts, scope, server.name, task.request.params, errand.paramsText);
  if (paramsText === undefined) return answerForeignTask(parts, scope, task);
  const intent = await callIntent(scope, task, server.name, errand);
  const sinceStart = () => Math.round((parts.elapsedMs() - errand.startedAt) * 100) / 100;
  const callId = await parts.audit.beginCall(intent);
  const input = task.input ?? createInputTally();
  const forwarded = await forward(parts, scope, { ...task, input }, { ...errand, paramsText }, callId);
  const outcome: CallOutcome = {
    status: forwarded.status,
    error_code: forwarded.errorCode,
    latency_ms: sinceStart(),
    upstream_ms: forwarded.upstreamMs,
    response_bytes: byteLengthOf(forwarded.text, forwarded.pieces),
    secret_versions: forwarded.secretVersions,
    attempts: forwarded.attempts,
    retry_reason: forwarded.retryReason,
    input_rounds: input.rounds,
    input_asked: input.asked,
  };
  try {
    await parts.audit.endCall(callId, intent, outcome);
  } catch (error) {
    // The call was carried out and its intent is committed: its record reads as unknown until then, its answer is not lost.
    parts.log.error({ err: error, callId }, 'the outcome of a call is not recorded yet');
  }
  if (task.signal.aborted) return undefined;
  const answer = forwarded.isRpcError ? errorMessage(idText, forwarded.text) : resultMessage(idText, forwarded.text);
  if (forwarded.pieces === undefined) return answer;
  task.answer(answer, forwarded.pieces);
  return undefined;
}

/** Somebody else's task is as good as none, as for `tasks/get`. */
function answerForeignTask(parts: GatewayParts, { principal }: SessionScope, { request }: Task): string {
  parts.refused.note(principal, 'unknown_task', request.method);
  const message = `"_meta" names a task that is none of yours on the server that the request is for`;
  return errorMessage(request.idText, errorObject(INVALID_PARAMS, message));
}

/** A server that carries out what was cancelled is known to the administrators; its answer reaches nobody. */
function noteLateAnswer(parts: GatewayParts, { principal }: SessionScope, errand: Errand, callId: string): void {
  const { server, what } = errand;
  parts.audit
    .event({
      workspace_id: principal.workspaceId,
      type: 'call.cancellation_ignored',
      actor: whoOf(principal),
      subject: `server:${server.name}`,
      address: null,
      data: { call_id: callId, tool: what },
    })
    .catch((error: unknown) => parts.log.error({ err: error, callId }, 'a late answer could not be recorded'));
}

/** Methods whose large answers are seen to without being one string. */
const TAKES_PIECES: ReadonlySet<string> = new Set(['tools/call', 'resources/read', 'prompts/get']);

interface Forwarded {
  status: CallStatus;
  errorCode: string | null;
  /** The result, or the JSON-RPC error object. */
  text: string;
  pieces?: Pieces | undefined;
  isRpcError: boolean;
  upstreamMs: number | null;
  secretVersions: readonly string[];
  attempts: number;
  retryReason: RetryReason | null;
}

async function forward(
  parts: GatewayParts,
  scope: SessionScope,
  task: Task,
  errand: Errand,
  callId: string,
): Promise<Forwarded> {
  const { server, progressToken, repeatable } = errand;
  const { method } = task.request;
  let session: UpstreamSession | undefined;
  let sentAt: number | undefined;
  let undo: (() => void) | undefined;
  let attempts = 0;
  let retryReason: RetryReason | null = null;
  const upstreamMs = () => (sentAt === undefined ? null : Math.round((parts.elapsedMs() - sentAt) * 100) / 100);
  try {
    if (errand.failure !== undefined) throw errand.failure;
    task.sentTo?.(server.name);
    session = await untilAborted(parts.upstreams.acquire(server, scope.asker), task.signal);
    if (isForeignRetry(scope, task, session)) {
      const message = `server ${server.name} did not give this "requestState"; send the request again without it`;
      const text = errorObject(INVALID_PARAMS, message);
      const sent = { upstreamMs: null, secretVersions: session.secretVersions, attempts, retryReason };
      return { ...sent, status: 'failed', errorCode: String(INVALID_PARAMS), text, isRpcError: true };
    }
    sentAt = parts.elapsedMs();
    attempts = 1;
    undo = errand.onSent?.();
    const reply = await session.request({
      method,
      paramsText: errand.paramsText,
      ...(task.pieces === undefined ? {} : { pieces: task.pieces }),
      takesPieces: TAKES_PIECES.has(method),
      signal: task.signal,
      asker: scope.asker,
      onAsked: (methods) => task.input?.round(methods),
      onLateAnswer: () => noteLateAnswer(parts, scope, errand, callId),
      onRetry(reason) {
        attempts += 1;
        retryReason = reason;
      },
      ...(repeatable !== undefined && { repeatable }),
      onNotification(name, text) {
        if (name === 'notifications/message' && !isLogged(scope, text)) return;
        task.tell(serverNotification(name, text, server.name));
      },
      ...(progressToken === undefined
        ? {}
        : { onProgress: (text: string) => task.tell(progressMessage(text, progressToken, server.name)) }),
    });
    const text = errand.rewrite(reply.text);
    const common = {
      text,
      pieces: reply.pieces,
      upstreamMs: upstreamMs(),
      secretVersions: session.secretVersions,
      attempts,
      retryReason,
    };
    if (reply.kind === 'error') {
      undo?.();
      return { ...common, status: 'failed', errorCode: codeOf(reply.text), isRpcError: true };
    }
    return { ...common, status: reply.isToolError ? 'tool_error' : 'ok', errorCode: null, isRpcError: false };
  } catch (error) {
    undo?.();
    const failure = onceSent(toGateError(error), server.name, attempts);
    const isTool = method === 'tools/call';
    return {
      status: STATUS[failure.code] ?? 'failed',
      errorCode: failure.code,
      text: isTool ? failureResult(failure, server) : failureError(failure, server),
      isRpcError: !isTool,
      upstreamMs: upstreamMs(),
      secretVersions: session?.secretVersions ?? [],
      attempts,
      retryReason,
    };
  }
}

/** A fault of this side after the request had gone out says nothing of what the server did with it. */
function onceSent(failure: GateError, server: string, attempts: number): GateError {
  if (failure.code !== 'internal' || attempts === 0) return failure;
  const message = `the answer of server ${server} could not be seen to; whether the call was carried out is not known`;
  return new GateError('unknown_outcome', message, { cause: failure });
}

/** Servers up to 2025-11-25 know no `requestState`: to them the retry would be a call like any other. */
function isForeignRetry({ asker }: SessionScope, { request }: Task, { facts }: UpstreamSession): boolean {
  return asker.generation === 'modern' && facts.generation === 'legacy' && 'requestState' in request.params;
}

const STATUS: Partial<Record<GateError['code'], CallStatus>> = {
  cancelled: 'cancelled',
  timeout: 'timeout',
  unknown_outcome: 'unknown',
};

function codeOf(errorText: string): string {
  const code = parseRecord(errorText)?.['code'];
  return typeof code === 'number' ? String(code) : 'upstream';
}
