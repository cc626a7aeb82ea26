// What an HTTP answer that is no success means for the request: which outcome of an attempt it is, and the error to report.
import { bareText } from 'mcpgate-shared/bare-text';
import { AttemptError } from '../../attempt.ts';
import { isRecord, parseRecord } from '../../../mcp/json-rpc-guard.ts';
import { saysSessionLost, type SaidOfSession } from './lost-session.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';

const FOLLOWED_BY_GET: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);

/**
 * The path that a redirect leads to, where it stays within the origin and may be followed; else undefined. Only 307 and 308 promise to keep method
 * and body (RFC 9110, section 15.4); any other redirect is followed for a GET alone.
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

export interface HttpRefusal extends SaidOfSession {
  retryAfter: string | undefined;
  /** Now, ms since the epoch. */
  now: number;
}

/** The outcomes of an attempt (attempt.ts) that an HTTP answer may mean. */
export type HttpOutcome =
  | { kind: 'session_lost' | 'unauthorized' | 'redirected' | 'refused' | 'gave_up' }
  /** `retryAfterMs`: how long the server asks to wait, where it says so. */
  | { kind: 'busy'; retryAfterMs: number | undefined };

/** Statuses below 500 with which a server, or a proxy in front of it, gives up on a request that it may have begun. */
const GAVE_UP: ReadonlySet<number> = new Set([303, 408, 409, 424, 499]);

export function classifyRefusal(refusal: HttpRefusal): HttpOutcome {
  const { status } = refusal;
  if (saysSessionLost(refusal)) return { kind: 'session_lost' };
  if (status === 401) return { kind: 'unauthorized' };
  const retryAfterMs = readRetryAfter(refusal.retryAfter, refusal.now);
  // A 503 with a time is a server that asks for a pause. Without one it comes as often from a proxy whose connection to the server broke.
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) return { kind: 'busy', retryAfterMs };
  if (status >= 500 || GAVE_UP.has(status)) return { kind: 'gave_up' };
  return status >= 300 && status < 400 ? { kind: 'redirected' } : { kind: 'refused' };
}

const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** The beginning of a date; needed because `Date.parse` finds a date in nearly every text with a number. */
const DATE = /^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? |\d{4}-\d\d-\d\dT)/i;

/** Milliseconds to wait by a `Retry-After` header (RFC 9110, section 10.2.3: seconds, or a date); undefined where it is neither. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : DATE.test(text) ? Date.parse(text) - now : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}

export interface RefusalContext extends HttpRefusal {
  serverName: string;
  whenRefused: string;
  location: string | undefined;
  /** Its `WWW-Authenticate` header. */
  challenge?: string | undefined;
  /** For what the server said: only once it is decoded, all of a secret is there to be found. */
  mask: (text: string) => string;
}

export function refusalError(answer: RefusalContext): AttemptError {
  const { status } = answer;
  const outcome = classifyRefusal(answer);
  const { challenge } = answer;
  const attempt = { outcome: outcome.kind, status, ...(challenge === undefined ? {} : { challenge }) };
  const message = wordsFor(outcome, answer);
  if (outcome.kind !== 'busy') return new AttemptError('upstream', message, attempt);
  return new AttemptError('throttled', message, attempt, { retryAfterMs: outcome.retryAfterMs });
}

function wordsFor(outcome: HttpOutcome, answer: RefusalContext): string {
  const { serverName, whenRefused, status, body, location, mask } = answer;
  const said = body.trim() === '' ? '' : `: ${quoteForeign(mask(wordsOf(body)))}`;
  switch (outcome.kind) {
    case 'session_lost':
      return `server ${serverName} has forgotten the session (HTTP ${status})`;
    case 'unauthorized':
      return `server ${serverName} refused its credentials (HTTP 401); ${whenRefused}`;
    case 'busy': {
      const { retryAfterMs } = outcome;
      const when = retryAfterMs === undefined ? 'later' : `in ${Math.ceil(retryAfterMs / 1000)} s`;
      return `server ${serverName} asks for a pause (HTTP ${status}${said}); nothing was carried out, try again ${when}`;
    }
    case 'redirected': {
      const to = location !== undefined && URL.canParse(location) ? ` to ${mask(new URL(location).origin)}` : '';
      return `server ${serverName} redirects${to} (HTTP ${status}), which is not followed with its credentials; register the new URL`;
    }
    case 'refused':
    case 'gave_up':
      return `server ${serverName} answered HTTP ${status}${said}`;
  }
}

/** The JSON object in the body of an error, plain or in an event stream; undefined where there is none. */
export function jsonOf(body: string): string | undefined {
  const text = bareText(body);
  if (text.startsWith('{')) return text;
  return /^data:\s*(\{.*\})\s*$/m.exec(text)?.[1];
}

/** What a body says to people: the message of the JSON-RPC error in it, else the whole body. */
function wordsOf(body: string): string {
  const error = parseRecord(jsonOf(body) ?? '')?.['error'];
  const message = isRecord(error) ? error['message'] : undefined;
  return typeof message === 'string' ? message : body;
}
