// Carries out a request whose server is known: record the intent (committed) -> forward -> record the outcome -> answer. There is no other
// way to a server: tools, resources, prompts, tasks and completions all take this one.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { CallOutcome, CallStatus, RetryReason } from '../../domain/call-record.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { byteLengthOf } from '../../message/pieces.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { Repeatable } from '../../upstreams/remedy.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import type { UpstreamSession } from '../../upstreams/upstream.ts';
import { failureReply } from './answers.ts';
import { callIntent, type Judged } from './call-intent.ts';
import { createInputTally } from './input-tally.ts';
import { isLogged } from './logging.ts';
import { answerDenied } from './not-forwarded.ts';
import { errorReply, NO_REPLY, type Answer, type Reply } from '../reply.ts';
import type { Handling, Request } from '../request.ts';
import { noticeOf, progressNotice } from './server-notification.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { whoOf, type SessionScope } from '../session-scope.ts';
import { withOwnAnswers } from '../tasks/answered-task.ts';
import { withOwnTask } from '../tasks/related-task.ts';

/** A request to one server, with the verdict on it. */
export interface Call extends Judged {
  server: ServerRecord;
  /** The params for the server, as JSON text. */
  paramsText: string;
  /** The caller's progress token, as JSON text. */
  progressToken: string | undefined;
  /** Whether the request may be sent a second time if its connection dies. */
  repeatable?: Repeatable;
  /** Replaces the server's names and URIs in its answer by those that the client knows. Takes the JSON text of a result or an error object. */
  rewrite: (text: string) => string;
  /** Called when the request is sent. The function that it returns is called if the server does not answer with a result. */
  onSent?: () => () => void;
  /** Set where the request cannot be sent at all: why. */
  failure?: GateError;
}

/** Rejects where the intent cannot be recorded; then nothing was forwarded. */
export async function carryOut(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  call: Call,
): Promise<Reply> {
  const { request } = handling;
  const { verdict, server } = call;
  if (verdict.decision === 'deny') return await answerDenied(parts, scope, request, server.name, call);
  const asked = await withOwnTask(parts, scope, server.name, request.params, call.paramsText);
  const paramsText = asked && (await withOwnAnswers(parts, scope, server.name, request, asked));
  if (paramsText === undefined) return answerForeignTask(parts, scope, request);
  const intent = await callIntent(scope, request, server.name, call);
  const sinceStart = () => Math.round((parts.elapsedMs() - call.startedAt) * 100) / 100;
  const callId = await parts.audit.beginCall(intent);
  const input = handling.input ?? createInputTally();
  const forwarded = await forward(parts, scope, { ...handling, input }, { ...call, paramsText }, callId);
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
    await parts.audit.endCall(callId, intent, outcome);
  } catch (error) {
    // The call was carried out and its intent is committed, so the client gets its answer. Until the outcome is written, the record says that
    // it is unknown.
    parts.log.error({ err: error, callId }, 'the outcome of a call is not recorded yet');
  }
  return handling.signal.aborted ? NO_REPLY : forwarded.answer;
}

/** A task of another caller is answered like one that does not exist, as `tasks/get` does. */
function answerForeignTask(parts: GatewayParts, { principal }: SessionScope, { method }: Request): Reply {
  parts.refused.note(principal, 'unknown_task', method);
  return errorReply(
    RPC_CODE.invalidParams,
    `"_meta" of the request, or of an answer in it, names a task that is none of yours on the server that it is for`,
  );
}

/** Records that a server answered a call although it had been cancelled; the answer is dropped. */
function noteLateAnswer(parts: GatewayParts, { principal }: SessionScope, call: Call, callId: string): void {
  const { server, what } = call;
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

/** Methods whose large answers are handled as pieces instead of one string. */
const TAKES_PIECES: ReadonlySet<string> = new Set(['tools/call', 'resources/read', 'prompts/get']);

interface Forwarded {
  status: CallStatus;
  errorCode: string | null;
  answer: Answer;
  upstreamMs: number | null;
  secretVersions: readonly string[];
  attempts: number;
  retryReason: RetryReason | null;
}

async function forward(
  parts: GatewayParts,
  scope: SessionScope,
  { request, signal, tell, sentTo, input }: Handling,
  call: Call,
  callId: string,
): Promise<Forwarded> {
  const { server, progressToken, repeatable } = call;
  const { method, pieces } = request;
  let session: UpstreamSession | undefined;
  let sentAt: number | undefined;
  let undo: (() => void) | undefined;
  let attempts = 0;
  let retryReason: RetryReason | null = null;
  const upstreamMs = () => (sentAt === undefined ? null : Math.round((parts.elapsedMs() - sentAt) * 100) / 100);
  try {
    if (call.failure !== undefined) throw call.failure;
    sentTo?.(server.name);
    session = await untilAborted(parts.upstreams.acquire(server, scope.requester), signal);
    if (isForeignRetry(scope, request, session)) {
      const message = `server ${server.name} did not give this "requestState"; send the request again without it`;
      const answer = errorReply(RPC_CODE.invalidParams, message);
      const sent = { upstreamMs: null, secretVersions: session.secretVersions, attempts, retryReason };
      return { ...sent, status: 'failed', errorCode: String(RPC_CODE.invalidParams), answer };
    }
    sentAt = parts.elapsedMs();
    attempts = 1;
    undo = call.onSent?.();
    const reply = await session.request({
      method,
      paramsText: call.paramsText,
      ...(pieces === undefined ? {} : { pieces }),
      takesPieces: TAKES_PIECES.has(method),
      signal,
      requester: scope.requester,
      onAsked: (methods) => input?.round(methods),
      onLateAnswer: () => noteLateAnswer(parts, scope, call, callId),
      onRetry(reason) {
        attempts += 1;
        retryReason = reason;
      },
      ...(repeatable !== undefined && { repeatable }),
      onNotification(name, text) {
        if (name === 'notifications/message' && !isLogged(scope, text)) return;
        tell(noticeOf(name, text, server.name));
      },
      ...(progressToken === undefined
        ? {}
        : { onProgress: (text: string) => tell(progressNotice(text, progressToken, server.name)) }),
    });
    const text = call.rewrite(reply.text);
    const common = { upstreamMs: upstreamMs(), secretVersions: session.secretVersions, attempts, retryReason };
    if (reply.kind === 'error') {
      undo?.();
      const code = codeOf(reply.text);
      const answer = { kind: 'error', text, code, pieces: reply.pieces } as const;
      return { ...common, answer, status: 'failed', errorCode: code === undefined ? 'upstream' : String(code) };
    }
    const answer = { kind: 'result', text, pieces: reply.pieces } as const;
    return { ...common, answer, status: reply.isToolError ? 'tool_error' : 'ok', errorCode: null };
  } catch (error) {
    undo?.();
    const failure = onceSent(toGateError(error), server.name, attempts);
    return {
      status: STATUS[failure.code] ?? 'failed',
      errorCode: failure.code,
      answer: failureReply(method, failure, server),
      upstreamMs: upstreamMs(),
      secretVersions: session?.secretVersions ?? [],
      attempts,
      retryReason,
    };
  }
}

/** The error of a request that the broker itself failed to finish: if it had been sent, its outcome is unknown. */
function onceSent(failure: GateError, server: string, attempts: number): GateError {
  if (failure.code !== 'internal' || attempts === 0) return failure;
  const message = `the answer of server ${server} could not be seen to; whether the call was carried out is not known`;
  return new GateError('unknown_outcome', message, { cause: failure });
}

/** Whether a retry goes to a server up to 2025-11-25, which does not know `requestState` and would carry out the call a second time. */
function isForeignRetry({ requester }: SessionScope, { params }: Request, { facts }: UpstreamSession): boolean {
  return requester.generation === 'modern' && facts.generation === 'legacy' && 'requestState' in params;
}

const STATUS: Partial<Record<GateError['code'], CallStatus>> = {
  cancelled: 'cancelled',
  timeout: 'timeout',
  unknown_outcome: 'unknown',
};

function codeOf(errorText: string): number | undefined {
  const code = parseRecord(errorText)?.['code'];
  return typeof code === 'number' ? code : undefined;
}
