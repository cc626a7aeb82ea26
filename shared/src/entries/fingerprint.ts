// Keyed fingerprints: what a laptop may tell of a token that it has found, and of the server that an entry starts. The key is the broker's and
// is good for minutes and one login, so a fingerprint tells nobody else anything, and nothing later.
import { createHmac } from 'node:crypto';
import { senseOfValue } from './value-sense.ts';

/** `secret`: a value in clear. `target`: what an entry or a record starts or connects to. */
export type FingerprintKind = 'secret' | 'target';

/** HMAC-SHA-256 under `key`, cut to 128 bits, as base64url: 22 characters. */
export function fingerprintOf(key: Uint8Array, kind: FingerprintKind, text: string): string {
  return createHmac('sha256', key).update(`${kind}\0${text}`, 'utf8').digest().subarray(0, 16).toString('base64url');
}

export const FINGERPRINT = /^[\w-]{22}$/;

const MIN_CHARACTERS = 20;

/**
 * Whether a value could be found out by trying: a password rather than a token. Neither end makes a fingerprint of one: whoever has the key
 * could try passwords against it, and a broker that compared them would answer guesses.
 */
export function isGuessable(value: string): boolean {
  if (value.length < MIN_CHARACTERS) return true;
  const sense = senseOfValue(value);
  return sense !== 'token' && sense !== 'random' && sense !== 'uuid';
}
