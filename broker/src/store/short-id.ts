// Makes short ids, for people to read aloud and type.
import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** `prefix` and `length` random base32 characters (5 bits each). */
export function shortId(prefix: string, length: number): string {
  let id = prefix;
  for (const byte of randomBytes(length)) id += ALPHABET.charAt(byte & 31);
  return id;
}
