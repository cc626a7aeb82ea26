// Makes bearer tokens and secrets for links and cookies, and hashes them: the store keeps their SHA-256 only.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHAPE = /^mc[ag]_[0-9A-Za-z]{33}$/;

/** `mcg_`: a grant. `mca_`: an administration token. Secret scanners recognize tokens by the prefix. */
type Prefix = 'mcg_' | 'mca_';

function base62(value: bigint, length: number): string {
  let rest = value;
  let text = '';
  while (text.length < length) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

const checksum = (body: string): string => base62(BigInt(crc32(body)), 6);

/** SHA-256 of `text`, hex: what the store keeps instead of a secret. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** 256 random bits, base64url: for links and cookies. */
export const createSecret = (): string => randomBytes(32).toString('base64url');

/** Whether the text has the shape of what `createSecret` makes: other texts need no look-up in the store. */
export const isSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);

/**
 * The prefix, 160 random bits in base62, and a CRC-32 of them: by the checksum a typing error shows without a look-up, and a secret scanner
 * recognizes a real token.
 */
export function createToken(prefix: Prefix): string {
  const body = base62(BigInt(`0x${randomBytes(20).toString('hex')}`), 27);
  return `${prefix}${body}${checksum(body)}`;
}

/** True where the text has the shape and the checksum of a token. Says nothing about whether it is valid. */
export const isToken = (text: string, prefix: Prefix): boolean =>
  SHAPE.test(text) && text.startsWith(prefix) && checksum(text.slice(4, 31)) === text.slice(31);

/** Compares two texts in constant time, so that the time does not show where they differ. */
export function sameText(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
