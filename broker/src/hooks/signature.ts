// Signatures of what is sent to hooks and comes from them, as the specification of Standard Webhooks says: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedHeaders {
  'webhook-id': string;
  /** Seconds since the epoch. */
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/** Of a secret: `whsec_` and Base64, as the specification has them, or any other text as its UTF-8 bytes. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
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

/** The id of a message with a valid signature of Standard Webhooks; undefined: it has none. */
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
