// A server over Streamable HTTP: each message is a POST, answered as JSON or as an event stream; the server may also speak by itself on
// a GET stream. Redirects are followed within the origin only: the headers hold secrets.
import { createParser, type EventSourceParser } from 'eventsource-parser';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { type Dispatcher, Pool } from 'undici';
import { classifyStatus, isUnsent, redirectPath } from './http-answer.ts';
import { notExecuted } from './not-executed.ts';
import { MAX_MESSAGE_BYTES, type Wire, type WireEvents } from './wire.ts';

export interface HttpWireOptions {
  serverName: string;
  url: URL;
  /** Secrets already put in. */
  headers: Readonly<Record<string, string>>;
  clock: Clock;
  mask: (text: string) => string;
}

/** Sockets to one server: past it calls wait for one to be free. */
const MAX_SOCKETS = 256;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_RESUMES = 5;
const RESERVED = /^(host|connection|content-length|content-type|accept|transfer-encoding|keep-alive|upgrade|mcp-.*)$/i;

interface Exchange {
  method: 'POST' | 'GET' | 'DELETE';
  body: string | null;
  id: number | undefined;
  /** For a GET: the last event that was seen. */
  lastEventId?: string;
  redirected?: boolean;
  resumes?: number;
}

export function openHttpWire(options: HttpWireOptions, events: WireEvents): Wire {
  const { serverName, clock, mask } = options;
  let path = options.url.pathname + options.url.search;
  const pool = new Pool(options.url.origin, {
    connections: MAX_SOCKETS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const own = ownHeaders(serverName, options.headers);
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
    const accept = 'application/json, text/event-stream';
    return [...own, 'content-type', 'application/json', 'accept', accept, ...sessionHeaders()];
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
      let kind: 'json' | 'events' | 'nothing' | 'error' = 'nothing';
      let location: string | undefined;
      let parser: EventSourceParser | undefined;
      let decoder: InstanceType<typeof TextDecoder> | undefined;
      let chunks: Buffer[] = [];
      let bytes = 0;
      let lastEventId = what.lastEventId;
      let retryMs = 1_000;

      function fail(error: GateError): void {
        if (id !== undefined) {
          controllers.delete(id);
          dropped.delete(id);
        }
        reject(error);
      }

      function onEvent(data: string): void {
        if (data !== '' && !events.message(data)) {
          fail(new GateError('upstream', `server ${serverName} sent an event that is no JSON-RPC message`));
        }
      }

      const headers =
        what.method === 'POST'
          ? postHeaders
          : [
              ...own,
              'accept',
              'text/event-stream',
              ...sessionHeaders(),
              ...(lastEventId === undefined ? [] : ['last-event-id', lastEventId]),
            ];

      pool.dispatch(
        { path, method: what.method, headers, body: what.body },
        {
          onRequestStart(controller) {
            started = true;
            if (id === undefined) return;
            if (dropped.delete(id)) controller.abort(new GateError('cancelled', 'the caller is gone'));
            else controllers.set(id, controller);
          },
          onResponseStart(_controller, statusCode, answer) {
            status = statusCode;
            learnSession(answer['mcp-session-id']);
            const type = typeof answer['content-type'] === 'string' ? answer['content-type'] : '';
            location = typeof answer['location'] === 'string' ? answer['location'] : undefined;
            if (statusCode < 200 || statusCode > 299) kind = 'error';
            else if (type.startsWith('application/json')) kind = 'json';
            else if (type.startsWith('text/event-stream')) {
              kind = 'events';
              decoder = new TextDecoder();
              parser = createParser({
                maxBufferSize: MAX_MESSAGE_BYTES,
                onEvent: (event) => onEvent(event.data),
                onId: (value) => (lastEventId = value),
                onRetry: (ms) => (retryMs = Math.min(Math.max(ms, 10), 60_000)),
                onError(error) {
                  if (error.type === 'max-buffer-size-exceeded') fail(tooLarge(serverName));
                },
              });
            }
          },
          onResponseData(controller, chunk) {
            if (kind === 'events') {
              try {
                parser?.feed(decoder?.decode(chunk, { stream: true }) ?? '');
              } catch (error) {
                // The parser ends itself on an event that is too large, and says so by throwing from then on.
                controller.abort(new GateError('upstream', 'the event stream cannot be read', { cause: error }));
              }
              return;
            }
            bytes += chunk.length;
            if (kind === 'json' && bytes > MAX_MESSAGE_BYTES) {
              fail(tooLarge(serverName));
              controller.abort(tooLarge(serverName));
            } else if (kind === 'json' || bytes <= MAX_ERROR_BYTES) {
              chunks.push(chunk);
            }
          },
          onResponseEnd() {
            if (id !== undefined) controllers.delete(id);
            const body =
              chunks.length === 1 ? (chunks[0]?.toString('utf8') ?? '') : Buffer.concat(chunks).toString('utf8');
            chunks = [];
            if (kind === 'json') {
              if (body.trim() !== '' && !events.message(body)) {
                fail(
                  new GateError('upstream', `server ${serverName} answered with something that is no JSON-RPC message`),
                );
              } else resolve();
              return;
            }
            if (kind === 'events') {
              parser?.reset({ consume: true });
              // SEP-1699: a server may end the stream before the answer; it goes on where the event ids left off.
              const resumes = what.resumes ?? 0;
              if (
                id !== undefined &&
                lastEventId !== undefined &&
                events.waits(id) &&
                resumes < MAX_RESUMES &&
                !closed
              ) {
                const next: Exchange = { method: 'GET', body: null, id, lastEventId, resumes: resumes + 1 };
                clock.after(retryMs, () => void exchange(next).then(resolve, reject));
              } else resolve();
              return;
            }
            if (kind === 'nothing') {
              resolve();
              return;
            }
            const next = redirectPath(status, location, options.url, path);
            if (next !== undefined && what.redirected !== true) {
              path = next;
              exchange({ ...what, redirected: true }).then(resolve, reject);
              return;
            }
            // An error status with a JSON-RPC error in it is an answer.
            if (id !== undefined && body.startsWith('{') && !classifyStatus.isRetryable(status, body, sessionId)) {
              if (events.waits(id) && events.message(body) && !events.waits(id)) {
                resolve();
                return;
              }
            }
            fail(classifyStatus.toError({ serverName, status, body: mask(body), sessionId, location }));
          },
          onResponseError(_controller, error) {
            if (id !== undefined) controllers.delete(id);
            if (closed) fail(notExecuted('never_sent', `the connection to server ${serverName} is closed`, error));
            else if (!started || isUnsent(error)) {
              fail(
                notExecuted('never_sent', `server ${serverName} cannot be reached: ${mask(reasonOf(error))}`, error),
              );
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
  function listen(lastDelayMs: number): void {
    if (closed) return;
    const startedAt = clock.now();
    const again = (error?: unknown) => {
      if (closed) return;
      const status = error instanceof GateError ? error.data?.['status'] : undefined;
      if (status === 404 && sessionId !== undefined) {
        events.closed(notExecuted('session_lost', `server ${serverName} has forgotten the session`));
      }
      // 405 and its like: the server offers no such stream.
      if (typeof status === 'number' && status < 500) return;
      const delayMs = clock.now() - startedAt > 10_000 ? 1_000 : Math.min(lastDelayMs * 2, 60_000);
      clock.after(delayMs, () => listen(delayMs));
    };
    exchange({ method: 'GET', body: null, id: undefined }).then(() => again(), again);
  }

  return {
    processes: 0,
    answersInSend: true,
    send(text, id) {
      if (closed) return Promise.reject(notExecuted('never_sent', `the connection to server ${serverName} is closed`));
      return exchange({ method: 'POST', body: text, id });
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
      if (mayListen) listen(500);
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

function ownHeaders(serverName: string, headers: Readonly<Record<string, string>>): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED.test(name)) continue;
    // oxlint-disable-next-line no-control-regex -- RFC 9110, section 5.5: tab is the one control character of a field value
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new GateError(
        'config',
        `header ${JSON.stringify(name)} of server ${serverName} has characters that a header cannot have; set it or its secret again`,
      );
    }
    flat.push(name.toLowerCase(), value);
  }
  return flat;
}

function tooLarge(serverName: string): GateError {
  return new GateError('too_large', `server ${serverName} answered with more than ${MAX_MESSAGE_BYTES} bytes`);
}

function reasonOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const text = error.message === '' && error.cause instanceof Error ? error.cause.message : error.message;
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}
