// The way of a call: route -> decide -> record the intent (committed) -> forward -> record the outcome -> answer.
import { GateError, toGateError } from 'mcpgate-shared/error';
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import type { CallIntent, CallOutcome, CallStatus } from '../domain/call-record.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { parseRecord } from '../upstreams/json-rpc-guard.ts';
import type { UpstreamSession } from '../upstreams/upstream.ts';
import { denialResult, errorMessage, errorObject, failureResult, resultMessage } from './answers.ts';
import { readCallParams, type CallParams } from './call-params.ts';
import { INVALID_PARAMS, type ClientRequest } from './envelope.ts';
import { markReserved, markReservedMembers } from './reserved-text.ts';
import { isCutName } from './tool-name.ts';
import { userKeyOf, whoOf, type GatewayParts, type SessionScope } from './session-scope.ts';
import type { CatalogTool } from './tool-catalog.ts';

export interface CallTask {
  request: ClientRequest;
  /** The whole message. */
  text: string;
  signal: AbortSignal;
  send: (text: string) => void;
}

/** The answer as a message, or undefined where the caller has cancelled and expects none. Never rejects. */
export async function callTool(parts: GatewayParts, scope: SessionScope, task: CallTask): Promise<string | undefined> {
  const { idText } = task.request;
  const params = readCallParams(task.text, task.request);
  if (typeof params === 'string') return errorMessage(idText, errorObject(INVALID_PARAMS, params));
  let server = '';
  try {
    const route = routeOf(parts, scope, params.name);
    if (route === undefined) return unknownTool(idText, params.name);
    server = route.server.name;
    return await carryOut(parts, scope, task, params, route);
  } catch (error) {
    const failure = toGateError(error);
    if (failure.code === 'internal') parts.log.error({ err: error, server }, 'a call failed inside the gateway');
    return task.signal.aborted ? undefined : resultMessage(idText, failureResult(failure, server));
  }
}

interface Route {
  server: ServerRecord;
  /** The name within the server as the client wrote it, which may be a cut one. */
  rest: string;
}

/** By the name alone: the credential's bounds are the policy's matter, so that a denial can name them. */
function routeOf({ upstreams }: GatewayParts, { principal, only }: SessionScope, name: string): Route | undefined {
  const servers = upstreams.servers(principal.workspaceId);
  if (only !== undefined) {
    const server = servers.find((each) => each.name === only || each.id === only);
    return server === undefined ? undefined : { server, rest: name };
  }
  const at = name.indexOf('__');
  if (at <= 0) return undefined;
  const prefix = name.slice(0, at);
  const server = servers.find((each) => each.name === prefix);
  return server === undefined ? undefined : { server, rest: name.slice(at + 2) };
}

async function carryOut(
  parts: GatewayParts,
  scope: SessionScope,
  task: CallTask,
  params: CallParams,
  { server, rest }: Route,
): Promise<string | undefined> {
  const { principal } = scope;
  const { idText } = task.request;
  const startedAt = parts.elapsedMs();
  const cached = parts.policies.get(principal.workspaceId);
  const policy = cached instanceof Promise ? await cached : cached;
  const guess: Named = { ownName: rest, what: `${server.name}__${rest}` };
  let tool = guess;
  let verdict = policy.decide(principal, server.name, guess.what);
  const isKnown = parts.catalog.known(server, userKeyOf(principal)) !== undefined;
  // A denial needs no list, and starts no process, unless the name may be a cut one: rules speak of whole names.
  const isSettled = verdict.decision === 'deny' && !isKnown && !isCutName(params.name);
  if (verdict.rule !== 'grant-bound' && !isSettled) {
    const found = await findTool(parts, scope, task, params.name, server);
    if (found === 'unknown') return unknownTool(idText, params.name);
    tool = found ?? guess;
    if (tool.what !== guess.what) verdict = policy.decide(principal, server.name, tool.what);
  }
  const intent: CallIntent = {
    workspace_id: principal.workspaceId,
    member_id: principal.user?.id ?? null,
    member: principal.user?.name ?? null,
    credential_kind: principal.credential.kind,
    credential_id: principal.credential.id,
    credential_label: principal.credential.label,
    device: principal.device?.name ?? null,
    client_name: scope.client.name,
    client_version: scope.client.version,
    session_id: scope.id,
    server: server.name,
    method: 'tools/call',
    tool_name: tool.what,
    decision: verdict.decision,
    rule: verdict.rule,
    policy_version: policy.version,
    request_bytes: Buffer.byteLength(task.text),
    args_digest: params.argsDigest,
    arg_keys: params.argKeys,
    trace_id: params.traceId,
  };
  const sinceStart = () => Math.round((parts.elapsedMs() - startedAt) * 100) / 100;

  if (verdict.decision === 'deny') {
    const who = whoOf(principal);
    const text = denialResult({ verdict, policyVersion: policy.version, server: server.name, what: tool.what, who });
    await parts.audit.recordCall(intent, {
      status: 'denied',
      error_code: 'denied',
      latency_ms: sinceStart(),
      upstream_ms: null,
      response_bytes: Buffer.byteLength(text),
      secret_versions: [],
    });
    return resultMessage(idText, text);
  }

  const callId = await parts.audit.beginCall(intent);
  const forwarded = await forward(parts, scope, task, params, tool.ownName, server);
  const outcome: CallOutcome = {
    status: forwarded.status,
    error_code: forwarded.errorCode,
    latency_ms: sinceStart(),
    upstream_ms: forwarded.upstreamMs,
    response_bytes: Buffer.byteLength(forwarded.text),
    secret_versions: forwarded.secretVersions,
  };
  try {
    await parts.audit.endCall(callId, intent, outcome);
  } catch (error) {
    // The call was carried out and its intent is committed: its record reads as unknown, its answer is not lost.
    parts.log.error({ err: error, callId }, 'the outcome of a call could not be recorded');
  }
  if (task.signal.aborted) return undefined;
  return forwarded.isRpcError ? errorMessage(idText, forwarded.text) : resultMessage(idText, forwarded.text);
}

type Named = Pick<CatalogTool, 'ownName' | 'what'>;

/** Undefined where the list cannot be had now: then the name counts as it was written, and the call fails by itself. */
async function findTool(
  { catalog, log }: GatewayParts,
  { principal, only }: SessionScope,
  { signal }: CallTask,
  name: string,
  server: ServerRecord,
): Promise<Named | 'unknown' | undefined> {
  const userKey = userKeyOf(principal);
  let tools = catalog.known(server, userKey);
  if (tools === undefined) {
    try {
      tools = await untilAborted(catalog.list(server, userKey), signal);
    } catch (error) {
      log.debug({ server: server.name, error: toGateError(error).message }, 'called without a list');
      return undefined;
    }
  }
  return (only === undefined ? tools.byName.get(name) : tools.byOwnName.get(name)) ?? 'unknown';
}

interface Forwarded {
  status: CallStatus;
  errorCode: string | null;
  /** The result, or the JSON-RPC error object. */
  text: string;
  isRpcError: boolean;
  upstreamMs: number | null;
  secretVersions: readonly string[];
}

async function forward(
  parts: GatewayParts,
  scope: SessionScope,
  task: CallTask,
  params: CallParams,
  ownName: string,
  server: ServerRecord,
): Promise<Forwarded> {
  let session: UpstreamSession | undefined;
  let sentAt: number | undefined;
  const upstreamMs = () => (sentAt === undefined ? null : Math.round((parts.elapsedMs() - sentAt) * 100) / 100);
  try {
    session = await untilAborted(parts.upstreams.acquire(server, userKeyOf(scope.principal)), task.signal);
    sentAt = parts.elapsedMs();
    const { progressToken } = params;
    const reply = await session.request({
      method: 'tools/call',
      paramsText: params.forUpstream(ownName),
      signal: task.signal,
      ...(progressToken === undefined
        ? {}
        : { onProgress: (text: string) => task.send(progressMessage(text, progressToken, server.name)) }),
    });
    const text = markReserved(reply.text, server.name);
    const common = { text, upstreamMs: upstreamMs(), secretVersions: session.secretVersions };
    if (reply.kind === 'error') return { ...common, status: 'failed', errorCode: codeOf(reply.text), isRpcError: true };
    return { ...common, status: reply.isToolError ? 'tool_error' : 'ok', errorCode: null, isRpcError: false };
  } catch (error) {
    const failure = toGateError(error);
    return {
      status: STATUS[failure.code] ?? 'failed',
      errorCode: failure.code,
      text: failureResult(failure, server.name),
      isRpcError: false,
      upstreamMs: upstreamMs(),
      secretVersions: session?.secretVersions ?? [],
    };
  }
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

function unknownTool(idText: string, name: string): string {
  const message = `there is no tool ${JSON.stringify(name.slice(0, 200))}; list the tools again`;
  return errorMessage(idText, errorObject(INVALID_PARAMS, message));
}

/** The upstream's notification under the caller's own token. */
function progressMessage(paramsText: string, token: string, server: string): string {
  const at = findMember(scanObject(paramsText).members, 'progressToken');
  const own = at === undefined ? paramsText : paramsText.slice(0, at.start) + token + paramsText.slice(at.end);
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":${markReservedMembers(own, ['message'], server)}}`;
}

/** Rejects `cancelled` as soon as the caller is gone; what it waited for goes on for others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = () => new GateError('cancelled', 'the call was cancelled');
  if (signal.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort);
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(toGateError(error));
      },
    );
  });
}
