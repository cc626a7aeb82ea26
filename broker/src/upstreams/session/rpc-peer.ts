// The peer: JSON-RPC with a server over a wire, the same for both generations of MCP. It sends requests with ids, progress, cancellation and
// time-outs (pending-requests.ts), and passes on the server's own requests and notifications. Results stay the text that the server sent.
import { requestText } from 'mcpgate-shared/mcp/rpc-text';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';
import type { Clock } from 'mcpgate-shared/clock';
import { bareText } from 'mcpgate-shared/bare-text';
import { idOfCutMessage, isCutRequest } from 'mcpgate-shared/mcp/cut-message';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanObject } from 'mcpgate-shared/mcp/json-span';
import { batchItems } from '../../message/batch-items.ts';
import { wholeText, type Pieces } from '../../message/pieces.ts';
import { isRecord, numberOf, parseRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { garbledAnswerTo, messagesOnOneLine } from './garbled.ts';
import { createLateAnswers, createTaskProgress } from './ended-requests.ts';
import { failedUnder, lostUnder, noAnswer } from './lost-answer.ts';
import { createPendingRequests, type PeerRequest, type PendingRequest } from './pending-requests.ts';
import { withProgressToken, withTrace } from './request-meta.ts';
import { tidyLog, tidyProgress } from './tidy/notification.ts';
import type { UpstreamReply } from '../upstream.ts';
import type { OpenWire, Wire } from '../wires/wire.ts';
import { tidyError } from './tidy/rpc-error.ts';
import { isAnswer, saysError, tidyResult } from './tidy/tool-result.ts';
import { isAboutExchange } from './unnamed-error.ts';

export interface PeerEvents {
  /** The server asks something. `idText`: its id, `text`: its whole message, as JSON text. */
  onRequest(idText: string, method: string, text: string): void;
  /** The server sent a notification other than progress. `paramsText` is `{}` where it has no params. */
  onNotification(method: string, params: JsonRecord, paramsText: string): void;
  /** The broker failed at handling one of the server's messages. */
  onFault(error: unknown): void;
  /** The wire ended by itself. */
  onClosed(error: GateError): void;
}

export interface RpcPeer {
  /** Sends one request; it times out after `timeoutMs` without progress. Rejects with GateError. */
  send(request: PeerRequest, timeoutMs: number): Promise<UpstreamReply>;
  /** Sends a message that has no answer. Never rejects: where the connection has ended, the requests on it fail by themselves. */
  tell(text: string): Promise<void>;
  readonly wire: Wire;
  readonly isClosed: boolean;
  /** Requests under way, without those that last. */
  readonly pending: number;
  /** Those that last as long as a caller wants. */
  readonly streams: number;
  /** Resolves when no request is under way. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

export function createRpcPeer(
  options: {
    serverName: string;
    openWire: OpenWire;
    clock: Clock;
  },
  events: PeerEvents,
): RpcPeer {
  const { serverName, clock } = options;
  const late = createLateAnswers();
  const tasks = createTaskProgress();
  const pending = createPendingRequests(clock);
  let nextId = 1;
  let closed = false;

  const wire: Wire = options.openWire({
    message: take,
    refused(text, exchange) {
      const entry = pending.get(exchange);
      if (entry === undefined) return false;
      take(text, undefined, isAboutExchange(text, entry.request) ? exchange : undefined);
      return pending.get(exchange) !== entry;
    },
    waits: (id) => pending.get(id) !== undefined,
    oversize(head, tail) {
      const message = `server ${serverName} answered with more than one message may hold here`;
      if (!isCutRequest(head))
        pending
          .settle(Number(numberOf(parsed(idOfCutMessage(head, tail)))))
          ?.reject(new GateError('too_large', message));
    },
    closed(error) {
      // Over HTTP each request has an exchange of its own, which fails by itself.
      if (!wire.answersInSend) {
        closed = true;
        pending.failAll((method) => lostUnder(method, error));
      }
      events.onClosed(error);
    },
  });

  function take(text: string, pieces?: Pieces, exchange?: number): boolean {
    try {
      return onMessage(bareText(text), pieces, exchange);
    } catch (error) {
      // A message that the broker does not expect must not end the broker.
      events.onFault(error);
      return true;
    }
  }

  function onMessage(text: string, pieces?: Pieces, exchange?: number): boolean {
    const message = parseRecord(text);
    if (message === undefined) {
      const items = batchItems(text, pieces);
      if (items !== undefined)
        return items.map((item) => item.startsWith('{') && onMessage(item, undefined, exchange)).includes(true);
      const several = messagesOnOneLine(text);
      if (several.length > 0) return several.map((each) => onMessage(each, undefined, exchange)).includes(true);
      failGarbled(text);
      return false;
    }
    const id = message['id'];
    const method = message['method'];
    if (typeof method === 'string') {
      if (pieces !== undefined) return onMessage(wholeText(text, pieces), undefined, exchange);
      const params = isRecord(message['params']) ? message['params'] : {};
      if (id === undefined || id === null) onNotification(method, params, text, exchange);
      else if (typeof id !== 'string' && typeof id !== 'number') return false;
      else events.onRequest(idTextOf(text), method, text);
      return true;
    }
    const isError = isRecord(message['error']) || typeof message['error'] === 'string';
    // An error without an id is about a request whose id the server could not read; over HTTP the exchange says which request that was.
    const answers = numberOf(isError && (id === null || id === undefined) ? exchange : id);
    const entry = answers === undefined ? undefined : pending.settle(answers);
    if (!isError && !isAnswer(entry?.request.method ?? '', message['result'])) {
      if (entry !== undefined && message['result'] === null && SAYS_NOTHING.has(entry.request.method)) {
        entry.resolve({ kind: 'result', text: '{}', isToolError: false });
      } else if (entry !== undefined) {
        const why = `server ${serverName} answered with what is neither a result nor an error`;
        entry.reject(failedUnder(entry.request.method, new GateError('upstream', why)));
      }
      return entry !== undefined;
    }
    // An answer to a request that has been cancelled or has timed out is a message, and no noise.
    if (entry === undefined) {
      late.take(answers);
      return true;
    }
    const member = findMember(scanObject(text).members, isError ? 'error' : 'result');
    const span = text.slice(member?.start, member?.end);
    const isCut = pieces !== undefined && entry.request.takesPieces === true;
    const part = onOneLine(isCut ? span : wholeText(span, pieces));
    const rest = isCut ? { pieces } : {};
    if (isError) {
      entry.resolve({ kind: 'error', text: tidyError(part), ...rest });
    } else {
      const result = message['result'];
      const whole = (text: string): string => onOneLine(isCut ? wholeText(text, pieces) : text);
      const tidied = tidyResult(entry.request.method, result, part, whole);
      const isToolError = isRecord(result) && saysError(result['isError']);
      if (isRecord(result) && isRecord(result['task'])) tasks.keep(Number(answers), entry.request);
      entry.resolve({ kind: 'result', text: tidied, ...rest, isToolError });
    }
    return true;
  }

  /**
   * A text was meant as an answer, and cannot be read. Where no readable answer follows soon, the request fails without waiting for its
   * time-out.
   */
  function failGarbled(text: string): void {
    const id = garbledAnswerTo(text);
    if (id === undefined || pending.get(id) === undefined) return;
    clock.after(GARBLED_MS, () => {
      const entry = pending.settle(id);
      const why = `server ${serverName} answered with something that is not valid JSON`;
      entry?.reject(failedUnder(entry.request.method, new GateError('upstream', why)));
    });
  }

  function onNotification(method: string, params: JsonRecord, text: string, exchange: number | undefined): void {
    if (method === 'notifications/progress') {
      const token = numberOf(params['progressToken']);
      const entry = token === undefined ? undefined : pending.get(token);
      const said = tidyProgress(paramsOf(text));
      if (entry === undefined && token !== undefined) return said === undefined ? undefined : tasks.of(token)?.(said);
      if (entry?.request.onProgress === undefined) return;
      // Progress, whatever it says, shows that the server works on the request.
      entry.deadline = clock.now() + entry.timeoutMs;
      if (said !== undefined) entry.request.onProgress(said);
      return;
    }
    if (OF_STREAM.test(method)) {
      const entry = streamOf(params, exchange);
      if (entry?.request.onStreamed === undefined) return;
      entry.deadline = Infinity;
      return entry.request.onStreamed(method, paramsOf(text));
    }
    const paramsText = method === 'notifications/message' ? tidyLog(paramsOf(text)) : paramsOf(text);
    const own = exchange === undefined || OF_CONNECTION.test(method) ? undefined : pending.get(exchange);
    if (own?.request.onNotification !== undefined) own.request.onNotification(method, paramsText);
    else events.onNotification(method, params, paramsText);
  }

  /** The stream that the server tells something on: by its exchange, or by the id that it says (Events, "Push-Based Delivery"). */
  function streamOf(params: JsonRecord, exchange: number | undefined): PendingRequest | undefined {
    const own = exchange === undefined ? undefined : pending.get(exchange);
    if (own?.request.onStreamed !== undefined) return own;
    const meta = params['_meta'];
    return pending.get(Number(numberOf(isRecord(meta) ? meta[ANSWER_META.subscriptionId] : undefined)));
  }

  function tell(text: string): Promise<void> {
    return wire.send(text).catch(() => undefined);
  }

  function giveUp(id: number, error: GateError, reason: string): void {
    const entry = pending.settle(id);
    if (entry === undefined) return;
    entry.reject(error);
    const { method, headers, onLateAnswer } = entry.request;
    if (onLateAnswer !== undefined) late.expect(id, onLateAnswer);
    // The specification forbids to cancel a handshake, so only its exchange ends. From 2026-07-28 on, any request is cancelled by ending its
    // exchange.
    if (method === 'initialize' || method === 'server/discover' || headers !== undefined) return wire.drop(id);
    const note = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } };
    // The exchange ends after the notification is sent: ending it alone would not tell the server that the request is cancelled.
    void tell(JSON.stringify(note)).then(() => wire.drop(id));
  }

  function cancelled(method: string): GateError {
    return new GateError('cancelled', `${method} to server ${serverName} was cancelled`);
  }

  return {
    send(request, timeoutMs) {
      const { method, signal, onProgress, trace } = request;
      if (signal.aborted) return Promise.reject(cancelled(method));
      const id = nextId++;
      const own = trace === undefined ? request.paramsText : withTrace(request.paramsText, trace);
      const params = onProgress === undefined ? own : withProgressToken(own, id);
      return new Promise((resolve, reject) => {
        const entry: PendingRequest = {
          request,
          timeoutMs,
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
        const unwatch = pending.watch(entry, () => {
          const seconds = Math.round(timeoutMs / 1000);
          const message = `server ${serverName} did not answer ${method} within ${seconds} s`;
          giveUp(id, new GateError('timeout', message), 'timeout');
        });
        const stop = () => {
          unwatch();
          signal.removeEventListener('abort', onAbort);
        };
        pending.add(id, entry);
        request.onId?.(id);
        signal.addEventListener('abort', onAbort, { once: true });
        const text = requestText(String(id), method, params);
        const { pieces, headers } = request;
        wire
          .send(text, {
            id,
            ...(pieces !== undefined && { pieces }),
            ...(headers !== undefined && { headers }),
            ...(trace !== undefined && { trace }),
          })
          .then(
            () => {
              if (wire.answersInSend) pending.settle(id)?.reject(noAnswer(method, serverName));
            },
            (error: unknown) => pending.settle(id)?.reject(failedUnder(method, toGateError(error))),
          );
      });
    },
    tell,
    wire,
    get isClosed() {
      return closed;
    },
    get pending() {
      return pending.size;
    },
    get streams() {
      return pending.streams;
    },
    drained: () => pending.drained(),
    async close() {
      if (!closed) {
        closed = true;
        const error = new GateError('upstream', `the connection to server ${serverName} was closed`);
        pending.failAll((method) => lostUnder(method, error));
      }
      await wire.close();
    },
  };
}

/** A text that looks like an unreadable answer may be a line of a log, so that the real answer follows. */
const GARBLED_MS = 3_000;
/** Methods whose result is empty, so that null is as good. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** Notifications that are about the connection, also where they come in the answer to a request. */
const OF_CONNECTION = /\/(list_changed|cancelled)$|^notifications\/resources\/updated$/;

/** Notifications that belong to one stream of events. */
const OF_STREAM = /^notifications\/events\/(?!list_changed$)/;

/** The text of a message's params, `{}` where it has none or they are no object. */
export function paramsOf(text: string): string {
  const params = findMember(scanObject(text).members, 'params');
  if (params === undefined || text.charAt(params.start) !== '{') return '{}';
  return onOneLine(text.slice(params.start, params.end));
}

function parsed(idText: string | undefined): unknown {
  return idText === undefined ? undefined : JSON.parse(idText);
}

/** The id of a message as it is written: a large integer must not be rounded. */
function idTextOf(text: string): string {
  const id = findMember(scanObject(text).members, 'id');
  return text.slice(id?.start, id?.end);
}
