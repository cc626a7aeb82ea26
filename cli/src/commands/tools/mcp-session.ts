// An MCP session of a command over the daemon's link: the handshake, and requests with progress and cancellation. Results are also kept as text,
// because `--json` must not change large integers or the order of keys.
import { member } from 'mcpgate-shared/member';
import { requestText } from 'mcpgate-shared/mcp/rpc-text';
import { isOwnMethod } from 'mcpgate-shared/mcp/own-methods';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { GateError, isErrorCode, toGateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanObject } from 'mcpgate-shared/mcp/json-span';
import { LATEST_LEGACY_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { VERSION } from 'mcpgate-shared/version';
import type { DaemonConnection } from '../../local/daemon-connection.ts';

/** A JSON-RPC error with which a request was answered. */
export class RpcFailure extends GateError {
  readonly rpcCode: number | undefined;

  constructor(message: string, rpcCode: unknown) {
    super('upstream', message);
    this.rpcCode = typeof rpcCode === 'number' ? rpcCode : undefined;
  }
}

const HANDSHAKE_TIMEOUT_MS = 30_000;

export interface McpAnswer {
  /** The result, parsed. */
  result: unknown;
  /** The result as the JSON text that was received. */
  text: string;
}

export interface McpProgress {
  progress: number;
  total: number | undefined;
  message: string | undefined;
}

export interface McpSession {
  /** Throws a JSON-RPC error as `RpcFailure`, and `cancelled` where `signal` was aborted, which the broker is told. */
  request(
    method: string,
    params: Record<string, unknown>,
    options: {
      signal: AbortSignal;
      onProgress?: ((progress: McpProgress) => void) | undefined;
      /** `arguments` of a tool call, as JSON text that must not be printed again. */ argumentsText?: string;
    },
  ): Promise<McpAnswer>;
  close(): void;
}

interface Pending {
  method: string;
  resolve(answer: McpAnswer): void;
  reject(error: Error): void;
  onProgress: ((progress: McpProgress) => void) | undefined;
}

/** Opens a session. Throws the daemon's error where the link cannot be opened. */
export async function openMcpSession(connection: DaemonConnection, interrupted: AbortSignal): Promise<McpSession> {
  const channel = connection.channel();
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let failed: Error | undefined;
  const opened = Promise.withResolvers<void>();
  channel.onOpen(() => opened.resolve());
  channel.onFailure((error) => {
    failed = error;
    opened.reject(error);
    for (const request of pending.values()) request.reject(lostUnder(request.method, error));
    pending.clear();
  });
  channel.onMessage((text) => receive(text));

  function receive(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return; // text that is no JSON answers no request
    }
    const id = member(message, 'id');
    const method = member(message, 'method');
    if (typeof method === 'string') {
      if (id !== undefined) answerRequest(id, method);
      else if (method === 'notifications/progress') showProgress(member(message, 'params'));
      return;
    }
    const request = typeof id === 'number' ? pending.get(id) : undefined;
    if (request === undefined || typeof id !== 'number') return;
    pending.delete(id);
    const error = member(message, 'error');
    if (error !== undefined) {
      request.reject(failureOf(request.method, error));
      return;
    }
    const span = findMember(scanObject(text).members, 'result');
    request.resolve({
      result: member(message, 'result'),
      text: span === undefined ? '{}' : text.slice(span.start, span.end),
    });
  }

  /** Answers a request of a server. Commands cannot be asked anything, so all but `ping` get an error. */
  function answerRequest(id: unknown, method: string): void {
    const answer =
      method === 'ping'
        ? { result: {} }
        : {
            error: { code: RPC_CODE.methodNotFound, message: `${method} is not available in the mcpgate command line` },
          };
    channel.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  }

  function showProgress(params: unknown): void {
    const token = member(params, 'progressToken');
    const progress = member(params, 'progress');
    const request = typeof token === 'number' ? pending.get(token) : undefined;
    if (request?.onProgress === undefined || typeof progress !== 'number') return;
    const total = member(params, 'total');
    const message = member(params, 'message');
    request.onProgress({
      progress,
      total: typeof total === 'number' ? total : undefined,
      message: typeof message === 'string' ? message : undefined,
    });
  }

  const session: McpSession = {
    request(method, params, { signal, onProgress, argumentsText }) {
      const id = ++lastId;
      return new Promise<McpAnswer>((resolve, reject) => {
        const abort = (): void => {
          if (!pending.delete(id)) return;
          const reason = 'the person pressed Ctrl-C';
          if (method !== 'initialize') {
            channel.send(
              JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } }),
            );
          }
          reject(signal.reason instanceof GateError ? signal.reason : new GateError('cancelled', 'interrupted'));
        };
        if (failed !== undefined) return reject(failed);
        if (signal.aborted) return reject(new GateError('cancelled', 'interrupted'));
        signal.addEventListener('abort', abort, { once: true });
        const settled = (): void => signal.removeEventListener('abort', abort);
        pending.set(id, {
          method,
          onProgress,
          resolve: (answer) => (settled(), resolve(answer)),
          reject: (error) => (settled(), reject(error)),
        });
        const plain = JSON.stringify(onProgress === undefined ? params : { ...params, _meta: { progressToken: id } });
        const body =
          argumentsText === undefined ? plain : `${plain.slice(0, -1)},"arguments":${onOneLine(argumentsText)}}`;
        channel.send(requestText(String(id), method, body));
      });
    },
    close: () => channel.close(),
  };

  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), HANDSHAKE_TIMEOUT_MS);
  const signal = AbortSignal.any([interrupted, deadline.signal]);
  signal.addEventListener('abort', () => opened.reject(new GateError('cancelled', 'interrupted')), { once: true });
  try {
    await opened.promise;
    await session.request(
      'initialize',
      {
        protocolVersion: LATEST_LEGACY_VERSION,
        capabilities: {},
        clientInfo: { name: 'mcpgate-cli', title: 'mcpgate command line', version: VERSION },
      },
      { signal },
    );
    channel.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    return session;
  } catch (error) {
    const late = deadline.signal.aborted && !interrupted.aborted;
    const failure = late ? await noAnswer(connection, error) : toGateError(error);
    channel.close();
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** The error that the broker, or a server, has answered with. */
function failureOf(method: string, error: unknown): GateError {
  const said = member(error, 'message');
  const message = typeof said === 'string' ? said : 'an error without a message';
  if (!isOwnMethod(method)) return new RpcFailure(message, member(error, 'code'));
  if (member(error, 'code') === RPC_CODE.methodNotFound) {
    return new GateError(
      'protocol',
      'the broker is of an earlier version, which knows nothing of this; ask your platform team',
    );
  }
  const code = member(member(error, 'data'), 'code');
  return new GateError(isErrorCode(code) ? code : 'upstream', message);
}

/** The error for a request whose link was lost. A call was already sent, so the message must not tell the person to try again. */
function lostUnder(method: string, cause: Error): Error {
  if (method !== 'tools/call') return cause;
  const message = 'the link was lost while the call ran, so its outcome is unknown; look before you repeat it';
  return new GateError('unknown_outcome', message, { cause });
}

async function noAnswer(connection: DaemonConnection, cause: unknown): Promise<GateError> {
  const { link } = await connection.status();
  return new GateError('unreachable', link.message ?? 'the broker does not answer; try again', { cause });
}
