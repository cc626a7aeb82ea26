// Signatures of what is sent to hooks and comes from them, as the specification of Standard Webhooks says: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import type { HookFormat } from '../domain/hook.ts';

export interface SignedHeaders {
  'webhook-id': string;
  /** Seconds since the epoch. */
  'webhook-timestamp': string;
  'webhook-signature': string;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/;

/**
 * Of a secret: `whsec_` and Base64, as the specification has them, or any other text as its UTF-8 bytes. Throws `usage` where there is none: with an
 * empty key anybody could sign.
 */
function keyOf(secret: string): Buffer {
  const written = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : undefined;
  const key = written === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(written, 'base64');
  if (key.length > 0 && (written === undefined || BASE64.test(written))) return key;
  throw new GateError('usage', 'the secret that signs is no key: what follows whsec_ must be Base64');
}

export function sign(secret: string, { id, atS, body }: { id: string; atS: number; body: string }): SignedHeaders {
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${atS}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(atS), 'webhook-signature': `v1,${signature}` };
}

/** What has come, and when, as its headers say. */
export interface Received {
  headers: Readonly<Record<string, unknown>>;
  body: string;
  now: number;
}

/** What is older or newer than that is refused, so that it cannot be sent again for ever. */
export const TOLERANCE_MS = 5 * 60_000;

/** Whether a message says that it is signed, lately, so that it is worth a look at the secret. */
export function mayBeSigned(format: HookFormat, { headers, now }: Omit<Received, 'body'>): boolean {
  const [at, signature] =
    format === 'slack'
      ? ['x-slack-request-timestamp', 'x-slack-signature']
      : ['webhook-timestamp', 'webhook-signature'];
  return isRecent(headers[at], now) && typeof headers[signature] === 'string';
}

/** The id of a message with a valid signature of Standard Webhooks; undefined: it has none. Throws `usage` for a secret that is no key. */
export function verifiedStandard(secret: string, { headers, body, now }: Received): string | undefined {
  const [id, at, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name]);
  if (typeof id !== 'string' || id === '' || id.length > 200 || !isRecent(at, now)) return undefined;
  const expected = sign(secret, { id, atS: Number(at), body })['webhook-signature'];
  const given = typeof signatures === 'string' ? signatures.slice(0, 2_000).split(' ').slice(0, 10) : [];
  return given.some((each) => isSame(each, expected)) ? id : undefined;
}

/** The same of a message of Slack's (its scheme v0), which is known by its signature. */
export function verifiedSlack(secret: string, { headers, body, now }: Received): string | undefined {
  const [at, given] = ['x-slack-request-timestamp', 'x-slack-signature'].map((name) => headers[name]);
  if (typeof given !== 'string' || !isRecent(at, now)) return undefined;
  const expected = `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`;
  return isSame(given, expected) ? given : undefined;
}

function isRecent(at: unknown, now: number): at is string {
  return typeof at === 'string' && /^\d{1,12}$/.test(at) && Math.abs(now - Number(at) * 1000) <= TOLERANCE_MS;
}

/** In a time that does not tell where they differ. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
