// The wire to a server over HTTP with SSE, the transport of 2024-11-05: the server sends all messages on one stream, whose first event names
// the endpoint that messages to it are posted to. The endpoint must be at the same origin, because the headers hold secrets.
import type { Readable } from 'node:stream';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { Pool, type Dispatcher } from 'undici';
import { partsOf, type Pieces } from '../../../message/pieces.ts';
import { notExecuted, outcomeUnknown, withWords } from '../../attempt.ts';
import { decoded, readCodings } from '../http/content-coding.ts';
import { redirectPath, refusalError } from '../http/http-answer.ts';
import { isNeverSent, ownHeaders, reasonOf } from '../http/http-request.ts';
import type { HttpWireOptions } from '../http/http-wire-options.ts';
import { createSseReader } from '../http/sse-reader.ts';
import type { Wire, WireEvents } from '../wire.ts';

const MAX_SOCKETS = 64;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_ERROR_BYTES = 64 * 1024;
/** The answer to a POST, in which nothing is of use, is closed after so long. */
const LINGER_MS = 250;
/** The text of an error is read for so long. */
const ERROR_TEXT_MS = 2_000;
/** A server must accept a notification within this time. */
const NOTE_MS = 10_000;
const MAX_REDIRECTS = 5;

type HttpAnswer = Dispatcher.ResponseData<unknown>;

/** Closes a body that is not read, and ignores its errors. */
const discard = (body: Readable): void => void body.on('error', () => undefined).destroy();

const textOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

export function openSseWire(options: HttpWireOptions, events: WireEvents): Wire {
  const { serverName, whenRefused, url, clock, mask, maxMessageBytes } = options;
  const pool = new Pool(url.origin, {
    connections: MAX_SOCKETS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const own = ownHeaders(options);
  const abort = new AbortController();
  /** Requests whose POST the server has not answered yet. */
  const openPosts = new Map<number, AbortController>();
  let closed = false;
  let version: string | undefined;
  let onEndpoint: (path: string) => void = () => undefined;
  let onNoEndpoint: (error: GateError) => void = () => undefined;
  const endpoint = new Promise<string>((resolve, reject) => {
    onEndpoint = resolve;
    onNoEndpoint = reject;
  });
  // `post` awaits the endpoint and gets its error; without a `post` the error must not count as unhandled.
  endpoint.catch(() => undefined);
  let hasEndpoint = false;
  /** The path at which the stream was opened, after redirects. */
  let home = url.pathname + url.search;
  const cancelWait = clock.after(CONNECT_TIMEOUT_MS, () => {
    fail(new GateError('timeout', `server ${serverName} opened an event stream but named no endpoint`));
  });

  function fail(error: GateError): void {
    cancelWait();
    abort.abort();
    const said = withWords(error, error.message, { hasEndpoint });
    onNoEndpoint(said);
    if (closed) return;
    closed = true;
    events.closed(said);
  }

  function learnEndpoint(data: string): void {
    if (hasEndpoint) return;
    const base = new URL(home, url).href;
    const target = URL.canParse(data, base) ? new URL(data, base) : undefined;
    hasEndpoint = true;
    if (target?.origin !== url.origin) {
      return fail(new GateError('upstream', `server ${serverName} names an endpoint that is not at ${url.origin}`));
    }
    cancelWait();
    onEndpoint(target.pathname + target.search);
  }

  const { carries } = options;

  /** With what each request carries now, and once more with others where the server refuses these. */
  async function authorized<T>(send: (headers: readonly string[]) => Promise<T>): Promise<T> {
    if (carries === undefined) return send(own);
    const carried = await carries.current();
    try {
      return await send([...own, ...carried.headers]);
    } catch (error) {
      const others = await carries.after(error, carried);
      return await send([...own, ...others.headers]);
    }
  }

  async function listen(): Promise<void> {
    const { answer, path } = await authorized(openEvents);
    home = path;
    const reader = createSseReader({
      maxBytes: maxMessageBytes,
      messageMask: options.messageMask,
      onMessage,
      onNamed(name, data) {
        if (name === 'endpoint') learnEndpoint(data);
      },
      onId: () => undefined,
      onRetry: () => undefined,
      onOversize() {
        const size = formatByteSize(maxMessageBytes);
        fail(new GateError('too_large', `server ${serverName} answered with more than ${size}`));
      },
    });
    for await (const chunk of plainBody(answer)) reader.feed(Buffer.from(chunk));
    reader.end();
    throw new GateError('upstream', `server ${serverName} ended its event stream; it is opened again on demand`);
  }

  async function openEvents(headers: readonly string[]): Promise<{ answer: HttpAnswer; path: string }> {
    const opened = await openStream(headers);
    const { answer } = opened;
    const type = textOf(answer.headers['content-type']) ?? '';
    if (answer.statusCode !== 200 || !/^\s*text\/event-stream\b/i.test(type)) throw await refusalOf(answer);
    return opened;
  }

  /** Opens the stream; a redirect is followed within the origin alone, because the request carries credentials. */
  async function openStream(own: readonly string[]): Promise<{ answer: HttpAnswer; path: string }> {
    let path = url.pathname + url.search;
    for (let hops = 0; ; hops++) {
      const headers = [...own, 'accept', 'text/event-stream'];
      const answer = await pool.request({ path, method: 'GET', headers, signal: abort.signal });
      const next = redirectPath('GET', answer.statusCode, textOf(answer.headers['location']), url, path);
      if (next === undefined || hops === MAX_REDIRECTS) return { answer, path };
      discard(answer.body);
      path = next;
    }
  }

  function plainBody({ headers, body }: HttpAnswer): Readable {
    const codings = readCodings(headers['content-encoding']);
    if (codings.kind === 'known') return decoded(body, codings.codings);
    discard(body);
    const why = `answers in a coding that is not understood (${JSON.stringify(codings.coding)})`;
    throw new GateError('upstream', `server ${serverName} ${why}`);
  }

  async function refusalOf(answer: HttpAnswer): Promise<GateError> {
    const { statusCode: status, headers } = answer;
    const body = plainBody(answer);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const cancel = clock.after(ERROR_TEXT_MS, () => body.destroy());
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > MAX_ERROR_BYTES) break;
        chunks.push(chunk);
      }
    } catch {
      // The body broke off or took too long; what has come is used.
    } finally {
      cancel();
    }
    return refusalError({
      ...{ serverName, whenRefused, status, now: clock.now() },
      ...{ body: Buffer.concat(chunks).toString('utf8'), mask },
      // The endpoint's URL holds the session, so a server that does not know the endpoint does not know the session.
      hasSession: hasEndpoint,
      isEstablished: version !== undefined,
      location: textOf(headers['location']),
      retryAfter: textOf(headers['retry-after']),
      challenge: textOf(headers['www-authenticate']),
    });
  }

  /** Posts a message; resolves when the server has accepted it. */
  async function post(body: Buffer, id: number | undefined): Promise<void> {
    const path = await endpoint;
    const over = new AbortController();
    if (id !== undefined) openPosts.set(id, over);
    const cancel = id === undefined ? clock.after(NOTE_MS, () => over.abort()) : () => undefined;
    try {
      const signal = AbortSignal.any([abort.signal, over.signal]);
      await authorized((headers) => postTo(path, body, headers, signal));
    } catch (error) {
      // The POST was ended because the answer to the request has come on the stream.
      if (!over.signal.aborted || id === undefined) throw error;
    } finally {
      cancel();
      if (id !== undefined) openPosts.delete(id);
    }
  }

  async function postTo(path: string, body: Buffer, own: readonly string[], signal: AbortSignal): Promise<void> {
    const headers = [...own, 'content-type', 'application/json', 'content-length', String(body.length)];
    if (version !== undefined) headers.push('mcp-protocol-version', version);
    let answer: Awaited<ReturnType<typeof pool.request>>;
    try {
      answer = await pool.request({ path, method: 'POST', headers, body, signal });
    } catch (error) {
      const why = mask(reasonOf(error instanceof Error ? error : new Error(String(error))));
      if (isNeverSent(error)) throw notExecuted('never_sent', `server ${serverName} cannot be reached: ${why}`, error);
      const message = `the connection to server ${serverName} broke (${why}); whether the call was carried out is not known`;
      throw outcomeUnknown(message, error);
    }
    if (answer.statusCode >= 300) {
      throw await refusalOf(answer);
    }
    // Nothing in the answer is of use; where the server does not end it, the TCP connection is closed.
    const cancel = clock.after(LINGER_MS, () => answer.body.destroy());
    answer.body.dump().then(cancel, cancel);
  }

  function onMessage(text: string, pieces?: Pieces): boolean {
    const isTaken = events.message(text, pieces);
    for (const [id, over] of openPosts) {
      if (events.waits(id)) continue;
      openPosts.delete(id);
      clock.after(LINGER_MS, () => over.abort());
    }
    return isTaken;
  }

  listen().catch((error: unknown) => {
    if (error instanceof GateError) return fail(error);
    const why = mask(reasonOf(error instanceof Error ? error : new Error(String(error))));
    const message = `the event stream of server ${serverName} broke: ${why}`;
    fail(
      hasEndpoint ? new GateError('upstream', message, { cause: error }) : notExecuted('never_sent', message, error),
    );
  });

  return {
    processes: 0,
    answersInSend: false,
    send(text, { id, pieces } = {}) {
      if (closed) return Promise.reject(notExecuted('never_sent', `the connection to server ${serverName} is closed`));
      return post(Buffer.concat(partsOf(text, pieces)), id).catch((error: unknown) => {
        throw toGateError(error);
      });
    },
    drop: (id) => openPosts.get(id)?.abort(),
    established(protocolVersion) {
      version = protocolVersion;
    },
    async close() {
      closed = true;
      cancelWait();
      abort.abort();
      onNoEndpoint(notExecuted('never_sent', `the connection to server ${serverName} is closed`));
      await pool.destroy(new GateError('cancelled', 'the connection is closed'));
    },
  };
}
