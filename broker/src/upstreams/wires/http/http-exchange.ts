// Exchanges with a server over Streamable HTTP. One exchange sends a message and reads its answer; where the answer's event stream breaks
// off, it asks for the rest. It ends with the answer, whatever the server leaves open. A redirect holds for its exchange alone, and is
// followed within the origin only, because the headers hold secrets.
import { PassThrough, Readable } from 'node:stream';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { GateError } from 'mcpgate-shared/error';
import type { Dispatcher, Pool } from 'undici';
import type { Pieces } from '../../../message/pieces.ts';
import { notExecuted, outcomeUnknown } from '../../attempt.ts';
import { decoded, readCodings, type Coding } from './content-coding.ts';
import { createHttpBody, type HttpBody } from './http-body.ts';
import { classifyRefusal, jsonOf, redirectPath, refusalError, type HttpOutcome } from './http-answer.ts';
import { reasonOf } from './http-request.ts';
import type { HttpWireOptions } from './http-wire-options.ts';
import type { TraceFields } from '../../../domain/outside/call-span.ts';
import type { Carried } from '../../secrets/carried-headers.ts';
import type { WireEvents } from '../wire.ts';

export interface Exchange {
  method: 'POST' | 'GET' | 'DELETE';
  /** A string, or the parts of a large message. */
  body: string | readonly Buffer[] | null;
  id: number | undefined;
  /** Headers of a modern request, names and values in turn. With them the exchange has no session, and its stream is not resumed. */
  headers?: readonly string[] | undefined;
  trace?: TraceFields | undefined;
  /** What it carries besides the headers of the record. */
  carried?: Carried;
  /** The path that it was redirected to. */
  redirectedTo?: string;
  /** Where its event stream can be resumed. */
  at?: ResumePoint;
  /** For the rest of an answer: how often it was asked for since an event came. */
  resumes?: number;
}

/** How an event stream can be resumed, as the server said in it. */
export interface ResumePoint {
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

export interface ExchangeWorld {
  pool: Pool;
  /** All headers of an exchange, names and values in turn. */
  headersOf(what: Exchange): readonly string[];
  learnSession(value: string | string[] | undefined): void;
  readonly sessionId: string | undefined;
  /** Whether the handshake is not over yet. */
  readonly isNegotiating: boolean;
  readonly isClosed: boolean;
}

export interface HttpExchanges {
  /** Resolves when the answer has been handed over; for a notification, when the server has accepted it. Rejects with GateError. */
  run(what: Exchange): Promise<void>;
  /** Ends the exchange of a request whose answer no caller waits for any more. */
  drop(id: number): void;
}

/** After so many failures in a row the rest of an answer is given up. */
const MAX_FAILED_RESUMES = 5;
export const FIRST_RESUME_MS = 1_000;
const MAX_EMPTY_RESUME_MS = 5_000;
/** A server may end its answer for so long after the message, so that the TCP connection can be used again; after that it is closed. */
const LINGER_MS = 250;
/** The text of an error is read for so long. */
const ERROR_TEXT_MS = 2_000;
/** A server must accept a notification within this time. */
const NOTE_MS = 10_000;

/** Bytes that are read of a body that holds no message. */
const MAX_TEXT_BYTES = 64 * 1024;
/** The outcomes of an error status for which a JSON-RPC error in the body counts as the answer to the request. */
const SAYS_NO_MORE: ReadonlySet<HttpOutcome['kind']> = new Set(['redirected', 'refused', 'gave_up']);

interface Running {
  /** Set once the exchange has a TCP connection. */
  controller: Dispatcher.DispatchController | undefined;
  /** No caller waits for the exchange any more. */
  isDropped: boolean;
}

export function createHttpExchanges(options: HttpWireOptions, world: ExchangeWorld, events: WireEvents): HttpExchanges {
  const { serverName, whenRefused, clock, mask, maxMessageBytes } = options;
  const home = options.url.pathname + options.url.search;
  /**
   * Exchanges under way, by the id of the request. An entry keeps everything that was sent and read in memory, so it is removed as soon as
   * its exchange is over.
   */
  const running = new Map<number, Running>();

  function run(what: Exchange): Promise<void> {
    return new Promise((resolve, reject) => {
      const { id } = what;
      const path = what.redirectedTo ?? home;
      const at: ResumePoint = what.at ?? { lastEventId: undefined, retryMs: undefined };
      const seenBefore = at.lastEventId;
      const isRest = what.method === 'GET' && id !== undefined;
      const own: Running = { controller: undefined, isDropped: false };
      if (id !== undefined) running.set(id, own);
      let control: Dispatcher.DispatchController | undefined;
      let started = false;
      let isOver = false;
      let cancelTimer: () => void = () => undefined;
      let status = 0;
      let location: string | undefined;
      let retryAfter: string | undefined;
      let challenge: string | undefined;
      let body: HttpBody | undefined;
      /** The decoder's input, where the answer has a content coding. */
      let coded: PassThrough | undefined;
      let textBytes = 0;

      function settle(): void {
        isOver = true;
        cancelTimer();
        if (id !== undefined && running.get(id) === own) running.delete(id);
      }

      /** Closes what is still open of the answer. */
      function hangUp(): void {
        const open = control;
        control = undefined;
        coded?.destroy();
        open?.abort(new GateError('cancelled', 'the exchange is over'));
      }

      function done(): void {
        settle();
        resolve();
        if (control !== undefined) cancelTimer = clock.after(LINGER_MS, hangUp);
      }

      function fail(error: GateError): void {
        settle();
        reject(error);
        hangUp();
      }

      /** Ends this exchange; `next` runs another one in its stead. */
      function passOn(next: () => Promise<void>): void {
        settle();
        hangUp();
        next().then(resolve, reject);
      }

      /** Asks for the rest of the answer, from the last event on; returns false where that is not possible. */
      function resume(isBroken: boolean): boolean {
        if (id === undefined || what.headers !== undefined || at.lastEventId === undefined) return false;
        if (world.isClosed || !events.waits(id)) return false;
        const resumes = at.lastEventId === seenBefore ? (what.resumes ?? 0) + 1 : 1;
        if (isBroken && resumes > MAX_FAILED_RESUMES) return false;
        // A server that asks to be asked again soon, and then sends nothing, is asked ever more slowly.
        const leastMs = resumes === 1 ? 0 : Math.min(100 * 2 ** resumes, MAX_EMPTY_RESUME_MS);
        const { redirectedTo } = what;
        const rest: Exchange = {
          method: 'GET',
          body: null,
          id,
          at,
          resumes,
          ...(redirectedTo !== undefined && { redirectedTo }),
        };
        passOn(
          () =>
            new Promise<void>((go, stop) => {
              clock.after(Math.max(at.retryMs ?? FIRST_RESUME_MS, leastMs), () => {
                if (!events.waits(id)) go();
                else run(rest).then(go, stop);
              });
            }),
        );
        return true;
      }

      /** The error where the rest of an answer is lost: the server has got the request, which must not be sent again. */
      function restLost(why: string, cause?: unknown): GateError {
        const message = `the rest of the answer of server ${serverName} could not be had (${why}); whether the call was carried out is not known`;
        return outcomeUnknown(message, cause);
      }

      const onMessage = (text: string, pieces?: Pieces): boolean => events.message(text, pieces, id);

      /** The server answered with an error status; `text`: as much of its body as came. */
      function onRefused(text: string): void {
        const next = redirectPath(what.method, status, location, options.url, path);
        if (next !== undefined && what.redirectedTo === undefined)
          return passOn(() => run({ ...what, redirectedTo: next }));
        if (isRest) {
          if (status < 500 || !resume(true)) fail(restLost(`HTTP ${status}`));
          return;
        }
        // An error status with a JSON-RPC error in it is an answer.
        const isInSession = what.headers === undefined;
        const refusal = {
          ...{ status, body: text, retryAfter, now: clock.now() },
          hasSession: isInSession && world.sessionId !== undefined,
          isEstablished: isInSession && !world.isNegotiating,
        };
        const json = jsonOf(text);
        // More rights are its owner's to give: no answer of the server says so to the AI client.
        const isAboutAccount = what.carried?.token !== undefined && status === 403 && challenge !== undefined;
        const mayAnswer = !isAboutAccount && SAYS_NO_MORE.has(classifyRefusal(refusal).kind);
        if (mayAnswer && id !== undefined && json !== undefined && events.refused(json, id)) return done();
        fail(refusalError({ ...refusal, serverName, whenRefused, location, challenge, mask }));
      }

      function onBytes(chunk: Buffer): void {
        const unwanted = body?.feed(chunk);
        if (unwanted !== undefined) return control?.abort(unwanted);
        if (isOver) return;
        if (body?.kind === 'events' && id !== undefined && !events.waits(id)) return done();
        textBytes += chunk.length;
        // Of a body that is neither a message nor an event stream, the beginning is enough.
        const isUseless = body?.kind === 'error' || body?.kind === 'nothing';
        if (isUseless && textBytes > MAX_TEXT_BYTES) onEnd();
      }

      function onEnd(): void {
        cancelTimer();
        body?.end();
        if (isOver) return;
        if (body?.kind === 'error') return onRefused(body.text());
        // SEP-1699: a server may end its event stream before the answer, as often as it likes.
        if (!(body?.kind === 'events' && resume(false))) done();
      }

      function onBroken(error: Error): void {
        cancelTimer();
        if (isOver) return;
        if ((isRest || body?.kind === 'events') && resume(true)) return;
        if (isRest) return fail(restLost(mask(reasonOf(error)), error));
        // `started` is set as soon as there is a connection to send the request on.
        if (!started) {
          const why = world.isClosed ? 'is no longer connected' : `cannot be reached: ${mask(reasonOf(error))}`;
          fail(notExecuted('never_sent', `server ${serverName} ${why}`, error));
        } else {
          const message = `the connection to server ${serverName} broke before its answer (${mask(reasonOf(error))}); whether the call was carried out is not known`;
          fail(outcomeUnknown(message, error));
        }
      }

      /** Decodes the answer; its bytes are read no faster than they are decoded. */
      function decode(codings: readonly Coding[]): PassThrough {
        const input = new PassThrough();
        input.on('drain', () => control?.resume());
        decoded(input, codings).on('data', onBytes).on('end', onEnd).on('error', onBroken);
        return input;
      }

      if (what.method === 'POST' && id === undefined) {
        cancelTimer = clock.after(NOTE_MS, () =>
          fail(new GateError('timeout', `server ${serverName} did not take a notification in time`)),
        );
      }
      const { body: whole } = what;
      const isText = whole === null || typeof whole === 'string';
      const headers = world.headersOf(what);
      const sized = isText ? headers : [...headers, 'content-length', String(bytesOf(whole))];
      world.pool.dispatch(
        { path, method: what.method, headers: [...sized], body: isText ? whole : Readable.from(whole) },
        {
          onRequestStart(controller) {
            if (isOver) return controller.abort(new GateError('cancelled', 'the exchange is over'));
            started = true;
            control = own.controller = controller;
            if (own.isDropped) controller.abort(new GateError('cancelled', 'the caller is gone'));
          },
          onResponseStart(_controller, statusCode, answer) {
            status = statusCode;
            if (what.headers === undefined) world.learnSession(answer['mcp-session-id']);
            const header = (name: string) => (typeof answer[name] === 'string' ? answer[name] : undefined);
            location = header('location');
            retryAfter = header('retry-after');
            challenge = [answer['www-authenticate'] ?? []].flat().join(', ') || undefined;
            const codings = readCodings(answer['content-encoding']);
            if (codings.kind === 'unknown') {
              const why = `answers in a coding that is not understood (${JSON.stringify(codings.coding)})`;
              return fail(new GateError('upstream', `server ${serverName} ${why}`));
            }
            body = createHttpBody(statusCode, header('content-type') ?? '', {
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
            if (codings.codings.length > 0) coded = decode(codings.codings);
            if (body.kind === 'error') {
              cancelTimer();
              cancelTimer = clock.after(ERROR_TEXT_MS, () => onRefused(body?.text() ?? ''));
            } else if (id === undefined && what.method !== 'GET') done();
          },
          onResponseData(controller, chunk) {
            if (coded === undefined) onBytes(chunk);
            else if (!coded.write(chunk)) controller.pause();
          },
          onResponseEnd() {
            control = undefined;
            if (coded === undefined) onEnd();
            else coded.end();
          },
          onResponseError(_controller, error) {
            control = undefined;
            coded?.destroy();
            onBroken(error);
          },
        },
      );
    });
  }

  return {
    run,
    drop(id) {
      const exchange = running.get(id);
      if (exchange === undefined) return;
      exchange.isDropped = true;
      exchange.controller?.abort(new GateError('cancelled', 'the caller is gone'));
    },
  };
}

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function tooLarge(serverName: string, maxBytes: number): GateError {
  return new GateError('too_large', `server ${serverName} answered with more than ${formatByteSize(maxBytes)}`);
}
