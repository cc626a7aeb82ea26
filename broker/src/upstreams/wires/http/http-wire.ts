// The wire to a server over Streamable HTTP: each message is a POST, which is answered with JSON or an event stream (http-exchange.ts). The
// server's own messages come on a GET stream.
import { GateError } from 'mcpgate-shared/error';
import { Pool } from 'undici';
import { partsOf } from '../../../message/pieces.ts';
import { attemptOf, notExecuted } from '../../attempt.ts';
import { createHttpExchanges, FIRST_RESUME_MS, type Exchange, type ResumePoint } from './http-exchange.ts';
import { ownHeaders, traceHeaders } from './http-request.ts';
import type { HttpWireOptions } from './http-wire-options.ts';
import type { Carried, CarriedHeaders } from '../../secrets/carried-headers.ts';
import { remedy } from '../../remedy.ts';
import type { Wire, WireEvents } from '../wire.ts';

/** Sockets to one server; past so many, calls wait for a free one. */
const MAX_SOCKETS = 256;
const CONNECT_TIMEOUT_MS = 10_000;
const ACCEPT = 'application/json, text/event-stream';

export function openHttpWire(options: HttpWireOptions, events: WireEvents): Wire {
  const { serverName, clock } = options;
  const pool = new Pool(options.url.origin, {
    connections: MAX_SOCKETS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const own = ownHeaders(options);
  const statelessHeaders = [...own, 'content-type', 'application/json', 'accept', ACCEPT];
  let sessionId: string | undefined;
  let version: string | undefined;
  let postHeaders = headersOfPost();
  let closed = false;
  /** As it was sent last. */
  let lastCarried: Carried | undefined;

  function sessionHeaders(): string[] {
    const headers: string[] = [];
    if (sessionId !== undefined) headers.push('mcp-session-id', sessionId);
    if (version !== undefined) headers.push('mcp-protocol-version', version);
    return headers;
  }

  function headersOfPost(): string[] {
    return [...statelessHeaders, ...sessionHeaders()];
  }

  function headersOf(what: Exchange): readonly string[] {
    const { carried = lastCarried, trace } = what;
    const plain = plainHeadersOf(what);
    if (carried === undefined && trace === undefined) return plain;
    return [...plain, ...(carried?.headers ?? []), ...(trace === undefined ? [] : traceHeaders(trace))];
  }

  function plainHeadersOf({ method, headers, at }: Exchange): readonly string[] {
    if (method === 'POST') return headers === undefined ? postHeaders : [...statelessHeaders, ...headers];
    const lastEventId = at?.lastEventId === undefined ? [] : ['last-event-id', at.lastEventId];
    return [...own, 'accept', 'text/event-stream', ...sessionHeaders(), ...lastEventId];
  }

  const exchanges = createHttpExchanges(
    options,
    {
      pool,
      headersOf,
      learnSession(value) {
        if (typeof value !== 'string' || value === sessionId) return;
        sessionId = value;
        postHeaders = headersOfPost();
      },
      get sessionId() {
        return sessionId;
      },
      get isNegotiating() {
        return version === undefined;
      },
      get isClosed() {
        return closed;
      },
    },
    events,
  );

  const { carries } = options;
  const run = carries === undefined ? exchanges.run : (what: Exchange) => runWith(carries, what);

  /** With the tokens that hold now, and once more with another one where the server refuses it. */
  async function runWith(from: CarriedHeaders, what: Exchange): Promise<void> {
    const carried = await from.current();
    if (what.id !== undefined && !events.waits(what.id)) throw new GateError('cancelled', 'the caller is gone');
    lastCarried = carried;
    try {
      await exchanges.run({ ...what, carried });
    } catch (error) {
      const others = await from.after(error, carried);
      lastCarried = others;
      await exchanges.run({ ...what, carried: others });
    }
  }

  /** Opens the server's own stream, and opens it again whenever it ends, for as long as the server offers one. */
  function listen(lastDelayMs: number, at: ResumePoint): void {
    if (closed) return;
    const startedAt = clock.now();
    const seenBefore = at.lastEventId;
    const again = (error?: unknown) => {
      if (closed) return;
      const next = remedy(attemptOf(error), { what: 'server_stream', hasSession: sessionId !== undefined });
      if (next === 'reconnect')
        events.closed(notExecuted('session_lost', `server ${serverName} has forgotten the session`));
      if (next !== 'pause') return;
      const isNews = at.lastEventId !== seenBefore || clock.now() - startedAt > 10_000;
      const delayMs = isNews ? FIRST_RESUME_MS : Math.min(lastDelayMs * 2, 60_000);
      clock.after(isNews ? (at.retryMs ?? delayMs) : Math.max(at.retryMs ?? 0, delayMs), () => listen(delayMs, at));
    };
    run({ method: 'GET', body: null, id: undefined, at }).then(() => again(), again);
  }

  return {
    processes: 0,
    answersInSend: true,
    send(text, { id, pieces, headers, trace } = {}) {
      if (closed) return Promise.reject(notExecuted('never_sent', `the connection to server ${serverName} is closed`));
      return run({ method: 'POST', body: pieces === undefined ? text : partsOf(text, pieces), id, headers, trace });
    },
    drop: (id) => exchanges.drop(id),
    established(protocolVersion, mayListen) {
      version = protocolVersion;
      postHeaders = headersOfPost();
      if (mayListen) listen(500, { lastEventId: undefined, retryMs: undefined });
    },
    async close() {
      if (closed) return;
      closed = true;
      if (sessionId !== undefined) {
        // Ending the session is a courtesy to the server; one that does not answer must not delay the end of the wire.
        const deadline = new Promise<void>((resolve) => clock.after(1_000, resolve));
        await Promise.race([run({ method: 'DELETE', body: null, id: undefined }).catch(() => undefined), deadline]);
      }
      await pool.destroy(new GateError('cancelled', 'the connection is closed'));
    },
  };
}
