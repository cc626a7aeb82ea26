// Sends a request to its server once, and says what became of it: the answer for the client, and what the record of the call holds.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { type GateError, toGateError } from 'mcpgate-shared/error';
import type { AccountLack } from '../../domain/people/account.ts';
import type { CallStatus, RetryReason } from '../../domain/call-record.ts';
import type { TraceFields } from '../../domain/outside/call-span.ts';
import type { GivenBack } from '../../domain/approval.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { attemptOf, outcomeUnknown, type Outcome } from '../../upstreams/attempt.ts';
import { remedy, wasNotExecuted, type Repeatable } from '../../upstreams/remedy.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import type { UpstreamSession } from '../../upstreams/upstream.ts';
import { failureReply } from './answers.ts';
import type { Judged } from './call-intent.ts';
import { isLogged } from './logging.ts';
import { errorReply, type Answer, type Reply } from '../reply.ts';
import type { Handling, Request } from '../request.ts';
import { noticeOf, progressNotice } from './server-notification.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { whoOf, type SessionScope } from '../session-scope.ts';

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
  /** Set where the request lasts: called with what the server tells on it. */
  onStreamed?: (method: string, paramsText: string) => void;
  /** Called when the request is sent. The function that it returns is called if the server does not answer with a result. */
  onSent?: () => () => void;
  /** Somebody has said yes to this very call. */
  isApproved?: boolean;
  /** Called where it was not carried out, or not to its end: what that yes was good for holds for the next of the same. */
  approvalBack?: (why: GivenBack) => Promise<void>;
  /** Set where the request cannot be sent at all: why. */
  failure?: GateError;
  /**
   * The same request, looked up and judged anew, after a wait during which anything may have changed; or the answer where there is no such thing
   * any more. Without: the request is not waited for.
   */
  again?: () => Promise<Call | Reply>;
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

export interface Forwarded {
  status: CallStatus;
  errorCode: string | null;
  answer: Answer;
  upstreamMs: number | null;
  secretVersions: readonly string[];
  attempts: number;
  retryReason: RetryReason | null;
  /** Nothing was executed, because of this. */
  lack?: AccountLack;
  /** The server provably did not execute it, so that what was taken for it, of the allowance of a rule or of an approval, is given back. */
  isUnexecuted?: boolean;
  /** The server has asked the client for something, and the same call comes again with the answer. */
  asksForMore?: boolean;
}

export async function forward(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  call: Call,
  callId: string,
): Promise<Forwarded> {
  const { span } = handling;
  if (span === undefined) return await send(parts, scope, handling, call, callId, {});
  const sent = span.send();
  const { server, what } = call;
  const seen: Seen = { trace: sent.fields };
  const forwarded = await send(parts, scope, handling, call, callId, seen);
  const { status, errorCode, attempts } = forwarded;
  // What never went to the server has no span there.
  if (attempts > 0)
    sent.end({ server, what, protocolVersion: seen.protocolVersion }, { status, error_code: errorCode, attempts });
  return forwarded;
}

interface Seen {
  /** What the server is told. */
  trace?: TraceFields;
  /** What it speaks; set once that is known. */
  protocolVersion?: string;
}

async function send(
  parts: GatewayParts,
  scope: SessionScope,
  { request, signal, tell, sentTo, input }: Handling,
  call: Call,
  callId: string,
  seen: Seen,
): Promise<Forwarded> {
  const { server, progressToken, repeatable } = call;
  const { method, pieces } = request;
  let session: UpstreamSession | undefined;
  let sentAt: number | undefined;
  let undo: (() => void) | undefined;
  let attempts = 0;
  let asked = false;
  let retryReason: RetryReason | null = null;
  const upstreamMs = () => (sentAt === undefined ? null : Math.round((parts.elapsedMs() - sentAt) * 100) / 100);
  try {
    if (call.failure !== undefined) throw call.failure;
    sentTo?.(server.name);
    session = await untilAborted(parts.upstreams.acquire(server, scope.requester), signal);
    seen.protocolVersion = session.facts.protocolVersion;
    if (isForeignRetry(scope, request, session)) {
      const message = `server ${server.name} did not give this "requestState"; send the request again without it`;
      const answer = errorReply(RPC_CODE.invalidParams, message);
      const sent = { upstreamMs: null, secretVersions: session.secretVersions, attempts, retryReason };
      return { ...sent, status: 'failed', errorCode: String(RPC_CODE.invalidParams), answer, isUnexecuted: true };
    }
    sentAt = parts.elapsedMs();
    attempts = 1;
    undo = call.onSent?.();
    const reply = await session.request({
      method,
      paramsText: call.paramsText,
      ...(pieces === undefined ? {} : { pieces }),
      ...(seen.trace !== undefined && { trace: seen.trace }),
      takesPieces: TAKES_PIECES.has(method),
      signal,
      requester: scope.requester,
      onAsked(methods) {
        asked = true;
        input?.round(methods);
      },
      onLateAnswer: () => noteLateAnswer(parts, scope, call, callId),
      onRetry(reason) {
        attempts += 1;
        retryReason = reason;
      },
      ...(repeatable !== undefined && { repeatable }),
      ...(call.onStreamed !== undefined && { onStreamed: call.onStreamed }),
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
    // The rounds of clients of before have all been gone through by now.
    const asksForMore = asked && scope.requester.generation === 'modern';
    return { ...common, answer, status: reply.isToolError ? 'tool_error' : 'ok', errorCode: null, asksForMore };
  } catch (error) {
    undo?.();
    const next = remedy(attemptOf(error), { what: 'call', wasSent: attempts > 0 });
    const failure = next === 'tell_unknown' ? unseen(toGateError(error), server.name) : toGateError(error);
    const { outcome, lack } = attemptOf(failure);
    const mayRepeat = retryReason === 'read_only' || retryReason === 'idempotent';
    return {
      isUnexecuted: wasNotExecuted(error, { wasSent: attempts > 0, mayRepeat }),
      ...(next === 'connect_account' && lack !== undefined && { lack }),
      status: STATUS[outcome] ?? 'failed',
      errorCode: failure.code,
      answer: failureReply(method, failure, server),
      upstreamMs: upstreamMs(),
      secretVersions: session?.secretVersions ?? [],
      attempts,
      retryReason,
    };
  }
}

/** The error of a request that was sent, and whose answer the broker itself failed to handle. */
function unseen(failure: GateError, server: string): GateError {
  const message = `the answer of server ${server} could not be seen to; whether the call was carried out is not known`;
  return outcomeUnknown(message, failure);
}

/** Whether a retry goes to a server up to 2025-11-25, which does not know `requestState` and would carry out the call a second time. */
function isForeignRetry({ requester }: SessionScope, { params }: Request, { facts }: UpstreamSession): boolean {
  return requester.generation === 'modern' && facts.generation === 'legacy' && 'requestState' in params;
}

const STATUS: Partial<Record<Outcome, CallStatus>> = {
  cancelled: 'cancelled',
  unanswered: 'timeout',
  unclear: 'unknown',
};

function codeOf(errorText: string): number | undefined {
  const code = parseRecord(errorText)?.['code'];
  return typeof code === 'number' ? code : undefined;
}
