// Bearer secrets: how they are made, and the only form in which they are kept (SHA-256).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const GRANT_SHAPE = /^mcg_[0-9A-Za-z]{27}[0-9A-Za-z]{6}$/;

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

/** `mcg_`, 160 random bits in base62, and a checksum by which secret scanners and typing errors are told without a look-up. */
export function createGrantToken(): string {
  const body = base62(BigInt(`0x${randomBytes(20).toString('hex')}`), 27);
  return `mcg_${body}${checksum(body)}`;
}

/** True where the text has the shape and the checksum of a grant token. Says nothing about whether it is valid. */
export const isGrantToken = (text: string): boolean =>
  GRANT_SHAPE.test(text) && checksum(text.slice(4, 31)) === text.slice(31);

/** Compares two texts without telling by time where they differ. */
export function sameText(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
