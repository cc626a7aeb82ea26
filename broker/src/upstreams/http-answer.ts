// What an HTTP status of an upstream server means for the request that got it.
import { answerText } from 'mcpgate-shared/rpc-text';
import { bareText } from 'mcpgate-shared/bare-text';
import { GateError } from 'mcpgate-shared/error';
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import { inWorkspace } from '../domain/workspace.ts';
import { isRecord, parseRecord } from './json-rpc-guard.ts';
import { saysSessionLost, type SaidOfSession } from './lost-session.ts';
import { isModernError } from './modern-error.ts';
import { quoteForeign } from './quote-foreign.ts';
import { notCarriedOut, notExecuted } from './retry-reason.ts';

const FOLLOWED_BY_GET: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);

/**
 * The path to go on at, for a redirect that stays at the origin and asks for the same; else undefined. Only 307 and 308 promise to keep method
 * and body (RFC 9110, section 15.4); a GET has none to lose.
 */
export function redirectPath(
  method: string,
  status: number,
  location: string | undefined,
  url: URL,
  path: string,
): string | undefined {
  if (location === undefined || !(method === 'GET' ? FOLLOWED_BY_GET : KEEPS_METHOD).has(status)) return undefined;
  const base = new URL(path, url);
  if (!URL.canParse(location, base.href)) return undefined;
  const target = new URL(location, base);
  return target.origin === url.origin ? target.pathname + target.search : undefined;
}

/** A modern error may come without the id that it answers: the exchange says which it is. */
export function withRequestId(body: string, id: number): string {
  const message = parseRecord(body);
  const hasId = message === undefined || (message['id'] !== undefined && message['id'] !== null);
  const error = hasId || !isRecord(message['error']) ? undefined : message['error'];
  if (error === undefined || !isModernError(error)) return body;
  const at = findMember(scanObject(body).members, 'error');
  return answerText(String(id), 'error', body.slice(at?.start, at?.end));
}

export interface HttpRefusal extends SaidOfSession {
  retryAfter: string | undefined;
  /** ms since the epoch. */
  now: number;
}

export type HttpOutcome =
  /** It does not know the session any more: provably not executed, and a new session helps. */
  | { kind: 'session_lost' }
  /** Provably not executed; other credentials help. */
  | { kind: 'unauthorized' }
  /** It asks for a pause; `retryAfterMs` where it says for how long. Not executed, and not a failure of the server. */
  | { kind: 'busy'; retryAfterMs: number | undefined }
  | { kind: 'redirected' }
  /** The request was looked at and turned away. */
  | { kind: 'refused' }
  /** Anything may have happened before the server, or something in front of it, gave up. */
  | { kind: 'unclear' };

/** Statuses below 500 that come from a server, or from something in front of it, which gave up in the middle. */
const GAVE_UP: ReadonlySet<number> = new Set([303, 408, 409, 424, 499]);

export function classifyRefusal(refusal: HttpRefusal): HttpOutcome {
  const { status } = refusal;
  if (saysSessionLost(refusal)) return { kind: 'session_lost' };
  if (status === 401) return { kind: 'unauthorized' };
  const retryAfterMs = readRetryAfter(refusal.retryAfter, refusal.now);
  // A server that names a time has put the request off. Without one a 503 is as often a proxy's word for a connection that broke.
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) return { kind: 'busy', retryAfterMs };
  if (status >= 500 || GAVE_UP.has(status)) return { kind: 'unclear' };
  return status >= 300 && status < 400 ? { kind: 'redirected' } : { kind: 'refused' };
}

const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** How a date begins. `Date.parse` finds one in nearly every text with a number. */
const DATE = /^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? |\d{4}-\d\d-\d\dT)/i;

/** RFC 9110, section 10.2.3: seconds, or a date. Undefined: neither. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : DATE.test(text) ? Date.parse(text) - now : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}

export interface RefusalContext extends HttpRefusal {
  serverName: string;
  workspaceId: string;
  location: string | undefined;
}

/** `body` is masked. The error's `data.status` is the status. */
export function refusalError(answer: RefusalContext): GateError {
  const { serverName, status, body } = answer;
  const outcome = classifyRefusal(answer);
  const said = body.trim() === '' ? '' : `: ${quoteForeign(wordsOf(body))}`;
  switch (outcome.kind) {
    case 'session_lost':
      return withStatus(
        notExecuted('session_lost', `server ${serverName} has forgotten the session (HTTP ${status})`),
        status,
      );
    case 'unauthorized': {
      const message = `server ${serverName} refused its credentials (HTTP 401); an administrator can replace them with "mcpgate-broker secret set NAME${inWorkspace(answer.workspaceId)}"`;
      return withStatus(notExecuted('unauthorized', message), status);
    }
    case 'busy': {
      const { retryAfterMs } = outcome;
      const when = retryAfterMs === undefined ? 'later' : `in ${Math.ceil(retryAfterMs / 1000)} s`;
      const message = `server ${serverName} asks for a pause (HTTP ${status}${said}); nothing was carried out, try again ${when}`;
      const data = { status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      return new GateError('throttled', message, { data });
    }
    case 'redirected': {
      const { location } = answer;
      const to = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
      const message = `server ${serverName} redirects${to} (HTTP ${status}), which is not followed with its credentials; register the new URL`;
      return withStatus(notCarriedOut(message), status);
    }
    case 'refused':
      return withStatus(notCarriedOut(`server ${serverName} answered HTTP ${status}${said}`), status);
    case 'unclear':
      return withStatus(new GateError('upstream', `server ${serverName} answered HTTP ${status}${said}`), status);
  }
}

/** The JSON-RPC message in the body of an error, also where it is written as an event; undefined: there is none. */
export function jsonOf(body: string): string | undefined {
  const text = bareText(body);
  if (text.startsWith('{')) return text;
  return /^data:\s*(\{.*\})\s*$/m.exec(text)?.[1];
}

/** What a JSON-RPC error in it says, else all of it. */
function wordsOf(body: string): string {
  const error = parseRecord(jsonOf(body) ?? '')?.['error'];
  const message = isRecord(error) ? error['message'] : undefined;
  return typeof message === 'string' ? message : body;
}

function withStatus(error: GateError, status: number): GateError {
  return new GateError(error.code, error.message, { data: { ...error.data, status } });
}
