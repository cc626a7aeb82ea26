// Signatures of what is sent to hooks and comes from them, as the specification of Standard Webhooks says: HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
import { createHmac } from 'node:crypto';

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
