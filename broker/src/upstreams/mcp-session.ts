// One MCP session with an upstream server over a wire: handshake, requests with progress, cancellation and time-out, and the answers to
// what the server asks. Results stay the text that was sent.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanObject } from 'mcpgate-shared/json-span';
import { isRecord, parseRecord, stringOf, type JsonRecord } from './json-rpc-guard.ts';
import { listTools } from './list-tools.ts';
import type { UpstreamReply, UpstreamRequest, UpstreamTool } from './upstream.ts';
import { quoteForeign } from './quote-foreign.ts';
import type { OpenWire, Wire } from './wire.ts';

const PROTOCOL_VERSION = '2025-11-25';
const KNOWN_VERSIONS: readonly string[] = ['2024-11-05', '2025-03-26', '2025-06-18', PROTOCOL_VERSION];
const LIST_TIMEOUT_MS = 60_000;

export interface McpSessionOptions {
  serverName: string;
  openWire: OpenWire;
  clock: Clock;
  brokerVersion: string;
  /** Without progress for so long, a request has timed out. */
  requestTimeoutMs: number;
  onToolsChanged: () => void;
  /** The wire ended by itself. */
  onClosed: (error: GateError) => void;
}

export interface McpSession {
  /** The handshake. Throws GateError; the session is closed then. */
  start(timeoutMs: number): Promise<void>;
  request(request: UpstreamRequest): Promise<UpstreamReply>;
  tools(signal: AbortSignal): Promise<readonly UpstreamTool[]>;
  /** The list, where it is known. */
  knownTools(): readonly UpstreamTool[] | undefined;
  /** Requests under way. */
  readonly pending: number;
  readonly processes: number;
  /** Resolves when no request is under way. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

interface Pending {
  method: string;
  resolve: (reply: UpstreamReply) => void;
  reject: (error: GateError) => void;
  onProgress: ((paramsText: string) => void) | undefined;
  /** When it has timed out, ms since the epoch; progress moves it. */
  deadline: number;
}

export function createMcpSession(options: McpSessionOptions): McpSession {
  const { serverName, clock } = options;
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let closed = false;
  let hasTools = false;
  let tools: readonly UpstreamTool[] | undefined;
  let listing: Promise<readonly UpstreamTool[]> | undefined;
  let listVersion = 0;
  let idle: (() => void)[] = [];

  const wire: Wire = options.openWire({
    message: onMessage,
    waits: (id) => pending.has(id),
    oversize(head) {
      const id = Number(/"id"\s*:\s*(\d+)/.exec(head)?.[1]);
      settle(id)?.reject(
        new GateError('too_large', `server ${serverName} answered with more than a message may hold (64 MiB)`),
      );
    },
    closed(error) {
      closed = true;
      failAll(error);
      options.onClosed(error);
    },
  });

  function settle(id: number): Pending | undefined {
    const entry = pending.get(id);
    if (entry === undefined) return undefined;
    pending.delete(id);
    if (pending.size === 0 && idle.length > 0) {
      for (const resolve of idle) resolve();
      idle = [];
    }
    return entry;
  }

  function failAll(error: GateError): void {
    for (const [id, entry] of pending) {
      const during = new GateError(error.code, `${error.message} (during ${entry.method})`, { cause: error });
      settle(id)?.reject(during);
    }
  }

  function onMessage(text: string): boolean {
    const message = parseRecord(text);
    if (message === undefined) {
      failGarbled(text);
      return false;
    }
    const id = message['id'];
    const method = message['method'];
    if (typeof method === 'string') {
      if (id !== undefined && id !== null) answer(id, method);
      else onNotification(method, message, text);
      return true;
    }
    const isError = isRecord(message['error']);
    if (!isError && !isRecord(message['result'])) return false;
    const entry = typeof id === 'number' ? settle(id) : undefined;
    // An answer to what nobody waits for any more (cancelled, timed out) is no noise.
    if (entry === undefined) return true;
    const member = findMember(scanObject(text).members, isError ? 'error' : 'result');
    const part = onOneLine(text.slice(member?.start, member?.end));
    if (isError) {
      entry.resolve({ kind: 'error', text: part });
    } else {
      const result = message['result'];
      entry.resolve({ kind: 'result', text: part, isToolError: isRecord(result) && result['isError'] === true });
    }
    return true;
  }

  /** What was meant as an answer and is no JSON: whoever waits for it need not wait for the time-out. */
  function failGarbled(text: string): void {
    const head = text.slice(0, 1_000);
    if (!head.includes('"jsonrpc"') || !/"(result|error)"/.test(head)) return;
    const id = Number(/"id"\s*:\s*(\d+)/.exec(head)?.[1]);
    settle(id)?.reject(
      new GateError('upstream', `server ${serverName} answered with something that is not valid JSON`),
    );
  }

  function answer(id: unknown, method: string): void {
    const body =
      method === 'ping'
        ? { jsonrpc: '2.0', id, result: {} }
        : { jsonrpc: '2.0', id, error: { code: -32601, message: `mcpgate does not offer ${method}` } };
    void tell(JSON.stringify(body));
  }

  function onNotification(method: string, message: JsonRecord, text: string): void {
    if (method === 'notifications/progress' && isRecord(message['params'])) {
      const token = message['params']['progressToken'];
      const entry = typeof token === 'number' ? pending.get(token) : undefined;
      if (entry?.onProgress === undefined) return;
      entry.deadline = clock.now() + options.requestTimeoutMs;
      const params = findMember(scanObject(text).members, 'params');
      entry.onProgress(onOneLine(text.slice(params?.start, params?.end)));
    } else if (method === 'notifications/tools/list_changed') {
      forgetTools();
      options.onToolsChanged();
    }
  }

  function forgetTools(): void {
    listVersion++;
    tools = undefined;
    listing = undefined;
  }

  /** A message that nobody waits for; where it cannot be delivered, the requests beside it fail by themselves. */
  function tell(text: string): Promise<void> {
    return wire.send(text).catch(() => undefined);
  }

  function watch(id: number, entry: Pending): () => void {
    let cancel = clock.after(entry.deadline - clock.now(), function late() {
      const leftMs = entry.deadline - clock.now();
      if (leftMs > 0) {
        cancel = clock.after(leftMs, late);
        return;
      }
      const seconds = Math.round(options.requestTimeoutMs / 1000);
      giveUp(
        id,
        new GateError('timeout', `server ${serverName} did not answer ${entry.method} within ${seconds} s`),
        'timeout',
      );
    });
    return () => cancel();
  }

  function giveUp(id: number, error: GateError, reason: string): void {
    const entry = settle(id);
    if (entry === undefined) return;
    entry.reject(error);
    // A handshake must not be cancelled (specification); it ends with the wire.
    if (entry.method === 'initialize') return;
    const note = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } };
    // The exchange ends after the note is out: ending it alone would not mean "cancelled" to the server.
    void tell(JSON.stringify(note)).then(() => wire.drop(id));
  }

  function send(request: UpstreamRequest, timeoutMs: number): Promise<UpstreamReply> {
    const { method, signal, onProgress } = request;
    if (signal.aborted) return Promise.reject(cancelled(method));
    const id = nextId++;
    const params = onProgress === undefined ? request.paramsText : withProgressToken(request.paramsText, id);
    return new Promise((resolve, reject) => {
      const entry: Pending = {
        method,
        onProgress,
        deadline: clock.now() + timeoutMs,
        resolve(reply) {
          stop();
          resolve(reply);
        },
        reject(error) {
          stop();
          reject(error);
        },
      };
      const onAbort = () => giveUp(id, cancelled(method), 'cancelled by the caller');
      const unwatch = watch(id, entry);
      const stop = () => {
        unwatch();
        signal.removeEventListener('abort', onAbort);
      };
      pending.set(id, entry);
      signal.addEventListener('abort', onAbort, { once: true });
      wire.send(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`, id).then(
        () => {
          if (wire.answersInSend) settle(id)?.reject(noAnswer(method));
        },
        (error: unknown) => settle(id)?.reject(toGateError(error)),
      );
    });
  }

  function cancelled(method: string): GateError {
    return new GateError('cancelled', `${method} to server ${serverName} was cancelled`);
  }

  function noAnswer(method: string): GateError {
    const message = `server ${serverName} ended its answer to ${method} without a result; whether it was carried out is not known`;
    return new GateError('unknown_outcome', message);
  }

  async function list(): Promise<readonly UpstreamTool[]> {
    for (;;) {
      const version = listVersion;
      const request = { method: 'tools/list', signal: NEVER };
      const found = hasTools
        ? await listTools(serverName, (paramsText) => send({ ...request, paramsText }, LIST_TIMEOUT_MS))
        : [];
      // Changed while it was read: what was read may be a mixture.
      if (version !== listVersion) continue;
      tools = found;
      return found;
    }
  }

  return {
    async start(timeoutMs) {
      const clientInfo = { name: 'mcpgate', version: options.brokerVersion };
      const params = { protocolVersion: PROTOCOL_VERSION, capabilities: {}, clientInfo };
      const reply = await send({ method: 'initialize', paramsText: JSON.stringify(params), signal: NEVER }, timeoutMs);
      const body = parseRecord(reply.text);
      if (reply.kind === 'error') {
        const why = stringOf(body?.['message']) ?? 'no reason given';
        throw new GateError('upstream', `server ${serverName} refused the handshake: ${quoteForeign(why)}`);
      }
      const version = stringOf(body?.['protocolVersion']);
      if (version === undefined || !KNOWN_VERSIONS.includes(version)) {
        const said = version === undefined ? 'none' : JSON.stringify(version.slice(0, 40));
        throw new GateError(
          'upstream',
          `server ${serverName} speaks protocol version ${said}; known are ${KNOWN_VERSIONS.join(', ')}`,
        );
      }
      const capabilities = body?.['capabilities'];
      hasTools = isRecord(capabilities) && isRecord(capabilities['tools']);
      wire.established(version, false);
      // Before anything else, or the server would not take us for initialized.
      await wire.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      wire.established(version, true);
    },
    request: (request) => send(request, options.requestTimeoutMs),
    tools(signal) {
      if (tools !== undefined) return Promise.resolve(tools);
      if (listing === undefined) {
        const started = list();
        listing = started;
        const forget = () => {
          if (listing === started) listing = undefined;
        };
        started.then(forget, forget);
      }
      return untilAborted(listing, signal, () => cancelled('tools/list'));
    },
    knownTools: () => tools,
    get pending() {
      return pending.size;
    },
    get processes() {
      return wire.processes;
    },
    drained: () => (pending.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
    async close() {
      if (!closed) {
        closed = true;
        failAll(new GateError('upstream', `the connection to server ${serverName} was closed`));
      }
      await wire.close();
    },
  };
}

const NEVER = new AbortController().signal;

/** `paramsText` with `_meta.progressToken` set; it has none of its own. */
function withProgressToken(paramsText: string, token: number): string {
  const { start, members } = scanObject(paramsText);
  const meta = findMember(members, '_meta');
  if (meta !== undefined && paramsText.charAt(meta.start) === '{') {
    const isEmpty = scanObject(paramsText, meta.start).members.length === 0;
    const rest = paramsText.slice(meta.start + 1);
    return `${paramsText.slice(0, meta.start + 1)}"progressToken":${token}${isEmpty ? '' : ','}${rest}`;
  }
  const rest = paramsText.slice(start + 1);
  return `{"_meta":{"progressToken":${token}}${members.length === 0 ? '' : ','}${rest}`;
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, error: () => GateError): Promise<T> {
  if (signal.aborted) return Promise.reject(error());
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(error());
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
