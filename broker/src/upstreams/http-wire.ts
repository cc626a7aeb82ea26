// A server over Streamable HTTP: each message is a POST, answered as JSON or as an event stream; the server may also speak by itself on
// a GET stream. Redirects are followed within the origin only: the headers hold secrets.
import { Readable } from 'node:stream';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { type Dispatcher, Pool } from 'undici';
import { partsOf, type Pieces } from '../message/pieces.ts';
import { createHttpBody, kindOfBody, type HttpBody } from './http-body.ts';
import { classifyStatus, redirectPath, withRequestId } from './http-answer.ts';
import { ownHeaders, reasonOf } from './http-request.ts';
import { notExecuted } from './retry-reason.ts';
import type { MessageMask } from './secret-mask.ts';
import type { Wire, WireEvents } from './wire.ts';

export interface HttpWireOptions {
  serverName: string;
  workspaceId: string;
  url: URL;
  /** Secrets already put in. */
  headers: Readonly<Record<string, string>>;
  clock: Clock;
  mask: (text: string) => string;
  /** Of large messages; small ones are masked by whoever takes them. */
  messageMask?: MessageMask | undefined;
  /** Longest message, either way. */
  maxMessageBytes: number;
}

/** Sockets to one server: past it calls wait for one to be free. */
const MAX_SOCKETS = 256;
const CONNECT_TIMEOUT_MS = 10_000;
/** So often in a row the rest of an answer may not be had. */
const MAX_FAILED_RESUMES = 5;
const FIRST_RESUME_MS = 1_000;
const MAX_EMPTY_RESUME_MS = 5_000;

interface Exchange {
  method: 'POST' | 'GET' | 'DELETE';
  /** A string, or the parts of a large message. */
  body: string | readonly Buffer[] | null;
  id: number | undefined;
  /** It stands for itself, with these: no session, and no going on where its stream broke off. */
  headers?: readonly string[] | undefined;
  redirected?: boolean;
  /** Where its event stream stands. */
  at?: StreamPlace;
  /** For the rest of an answer: how often it was asked for since the last event. */
  resumes?: number;
}

/** What an event stream said of how to go on with it. */
interface StreamPlace {
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

export function openHttpWire(options: HttpWireOptions, events: WireEvents): Wire {
  const { serverName, workspaceId, clock, mask, maxMessageBytes } = options;
  let path = options.url.pathname + options.url.search;
  const pool = new Pool(options.url.origin, {
    connections: MAX_SOCKETS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const own = ownHeaders(serverName, options.headers);
  const accept = 'application/json, text/event-stream';
  const statelessHeaders = [...own, 'content-type', 'application/json', 'accept', accept];
  let sessionId: string | undefined;
  let version: string | undefined;
  let postHeaders = headersOfPost();
  let closed = false;
  const controllers = new Map<number, Dispatcher.DispatchController>();
  const dropped = new Set<number>();

  function sessionHeaders(): string[] {
    const headers: string[] = [];
    if (sessionId !== undefined) headers.push('mcp-session-id', sessionId);
    if (version !== undefined) headers.push('mcp-protocol-version', version);
    return headers;
  }

  function headersOfPost(): string[] {
    return [...statelessHeaders, ...sessionHeaders()];
  }

  function learnSession(value: string | string[] | undefined): void {
    if (typeof value !== 'string' || value === sessionId) return;
    sessionId = value;
    postHeaders = headersOfPost();
  }

  /** One HTTP exchange. Resolves when its answer has been handed to `events`. */
  function exchange(what: Exchange): Promise<void> {
    return new Promise((resolve, reject) => {
      const { id } = what;
      let started = false;
      let status = 0;
      let location: string | undefined;
      let body: HttpBody | undefined;
      const at: StreamPlace = what.at ?? { lastEventId: undefined, retryMs: undefined };
      const seenBefore = at.lastEventId;
      const isRest = what.method === 'GET' && id !== undefined;

      function fail(error: GateError): void {
        if (id !== undefined) {
          controllers.delete(id);
          dropped.delete(id);
        }
        reject(error);
      }

      /** Asks for the rest of the answer, from the last event on; false where that cannot be. */
      function resume(isBroken: boolean): boolean {
        if (id === undefined || what.headers !== undefined || at.lastEventId === undefined) return false;
        if (closed || !events.waits(id)) return false;
        const resumes = at.lastEventId === seenBefore ? (what.resumes ?? 0) + 1 : 1;
        if (isBroken && resumes > MAX_FAILED_RESUMES) return false;
        // A server that asks for haste and then has nothing to say is not asked in haste for ever.
        const leastMs = resumes === 1 ? 0 : Math.min(100 * 2 ** resumes, MAX_EMPTY_RESUME_MS);
        clock.after(Math.max(at.retryMs ?? FIRST_RESUME_MS, leastMs), () => {
          if (!events.waits(id)) resolve();
          else exchange({ method: 'GET', body: null, id, at, resumes }).then(resolve, reject);
        });
        return true;
      }

      /** The server had the request: whatever it says now, it must not have it again. */
      function restLost(why: string, cause?: unknown): GateError {
        const message = `the rest of the answer of server ${serverName} could not be had (${why}); whether the call was carried out is not known`;
        return new GateError('unknown_outcome', message, { cause });
      }

      function onMessage(text: string, pieces?: Pieces): boolean {
        if (text.trim() === '' || events.message(text, pieces, id)) return true;
        const what = body?.kind === 'events' ? 'sent an event that is' : 'answered with something that is';
        fail(new GateError('upstream', `server ${serverName} ${what} no JSON-RPC message`));
        return false;
      }

      const headers =
        what.method === 'POST'
          ? what.headers === undefined
            ? postHeaders
            : [...statelessHeaders, ...what.headers]
          : [
              ...own,
              'accept',
              'text/event-stream',
              ...sessionHeaders(),
              ...(at.lastEventId === undefined ? [] : ['last-event-id', at.lastEventId]),
            ];

      const { body: whole } = what;
      const isText = whole === null || typeof whole === 'string';
      const sized = isText ? headers : [...headers, 'content-length', String(bytesOf(whole))];
      pool.dispatch(
        { path, method: what.method, headers: sized, body: isText ? whole : Readable.from(whole) },
        {
          onRequestStart(controller) {
            started = true;
            if (id === undefined) return;
            if (dropped.delete(id)) controller.abort(new GateError('cancelled', 'the caller is gone'));
            else controllers.set(id, controller);
          },
          onResponseStart(_controller, statusCode, answer) {
            status = statusCode;
            if (what.headers === undefined) learnSession(answer['mcp-session-id']);
            const type = typeof answer['content-type'] === 'string' ? answer['content-type'] : '';
            location = typeof answer['location'] === 'string' ? answer['location'] : undefined;
            body = createHttpBody(kindOfBody(statusCode, type), {
              maxBytes: maxMessageBytes,
              messageMask: options.messageMask,
              onMessage,
              onId: (value) => (at.lastEventId = value),
              onRetry: (ms) => (at.retryMs = Math.min(Math.max(ms, 10), 60_000)),
              onOversize() {
                const error = tooLarge(serverName, maxMessageBytes);
                fail(error);
                return error;
              },
            });
          },
          onResponseData(controller, chunk) {
            const unwanted = body?.feed(chunk);
            if (unwanted !== undefined) controller.abort(unwanted);
          },
          onResponseEnd() {
            if (id !== undefined) controllers.delete(id);
            const isMessage = body?.end() ?? true;
            if (body?.kind !== 'error') {
              // SEP-1699: a server may end its event stream before the answer, as often as it likes.
              if (isMessage && !(body?.kind === 'events' && resume(false))) resolve();
              return;
            }
            const text = body.text();
            const next = redirectPath(status, location, options.url, path);
            if (next !== undefined && what.redirected !== true) {
              path = next;
              exchange({ ...what, redirected: true }).then(resolve, reject);
              return;
            }
            if (isRest) {
              if (status < 500 || !resume(true)) fail(restLost(`HTTP ${status}`));
              return;
            }
            // An error status with a JSON-RPC error in it is an answer.
            const session = what.headers === undefined ? sessionId : undefined;
            if (id !== undefined && text.startsWith('{') && !classifyStatus.isRetryable(status, text, session)) {
              const answer = what.headers === undefined ? text : withRequestId(text, id);
              // While the protocol is still being found out, an error without an id speaks of the connection.
              const exchange = what.headers === undefined && version !== undefined ? id : undefined;
              if (events.waits(id) && events.message(answer, undefined, exchange) && !events.waits(id)) {
                resolve();
                return;
              }
            }
            const answer = { serverName, workspaceId, status, body: mask(text), sessionId: session, location };
            fail(classifyStatus.toError(answer));
          },
          onResponseError(_controller, error) {
            if (id !== undefined) controllers.delete(id);
            if ((isRest || body?.kind === 'events') && resume(true)) return;
            if (isRest) return fail(restLost(mask(reasonOf(error)), error));
            // It starts only once there is a connection to send it on.
            if (!started) {
              const why = closed ? 'is no longer connected' : `cannot be reached: ${mask(reasonOf(error))}`;
              fail(notExecuted('never_sent', `server ${serverName} ${why}`, error));
            } else {
              const message = `the connection to server ${serverName} broke before its answer (${mask(reasonOf(error))}); whether the call was carried out is not known`;
              fail(new GateError('unknown_outcome', message, { cause: error }));
            }
          },
        },
      );
    });
  }

  /** The server's own stream, for as long as it offers one. */
  function listen(lastDelayMs: number, at: StreamPlace): void {
    if (closed) return;
    const startedAt = clock.now();
    const seenBefore = at.lastEventId;
    const again = (error?: unknown) => {
      if (closed) return;
      const status = error instanceof GateError ? error.data?.['status'] : undefined;
      if (status === 404 && sessionId !== undefined) {
        events.closed(notExecuted('session_lost', `server ${serverName} has forgotten the session`));
      }
      // 405 and its like: the server offers no such stream.
      if (typeof status === 'number' && status < 500) return;
      const isNews = at.lastEventId !== seenBefore || clock.now() - startedAt > 10_000;
      const delayMs = isNews ? FIRST_RESUME_MS : Math.min(lastDelayMs * 2, 60_000);
      clock.after(isNews ? (at.retryMs ?? delayMs) : Math.max(at.retryMs ?? 0, delayMs), () => listen(delayMs, at));
    };
    exchange({ method: 'GET', body: null, id: undefined, at }).then(() => again(), again);
  }

  return {
    processes: 0,
    answersInSend: true,
    send(text, { id, pieces, headers } = {}) {
      if (closed) return Promise.reject(notExecuted('never_sent', `the connection to server ${serverName} is closed`));
      return exchange({ method: 'POST', body: pieces === undefined ? text : partsOf(text, pieces), id, headers });
    },
    drop(id) {
      const controller = controllers.get(id);
      controllers.delete(id);
      if (controller === undefined) dropped.add(id);
      else controller.abort(new GateError('cancelled', 'the caller is gone'));
    },
    established(protocolVersion, mayListen) {
      version = protocolVersion;
      postHeaders = headersOfPost();
      if (mayListen) listen(500, { lastEventId: undefined, retryMs: undefined });
    },
    async close() {
      if (closed) return;
      closed = true;
      if (sessionId !== undefined) {
        // Courtesy only: a server that does not answer must not hold up the end.
        const deadline = new Promise<void>((resolve) => clock.after(1_000, resolve));
        await Promise.race([
          exchange({ method: 'DELETE', body: null, id: undefined }).catch(() => undefined),
          deadline,
        ]);
      }
      await pool.destroy(new GateError('cancelled', 'the connection is closed'));
    },
  };
}

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function tooLarge(serverName: string, maxBytes: number): GateError {
  return new GateError('too_large', `server ${serverName} answered with more than ${formatByteSize(maxBytes)}`);
}
