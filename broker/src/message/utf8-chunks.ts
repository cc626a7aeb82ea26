// Chunks of bytes as chunks of whole characters, in UTF-8 as a decoder makes it: what is no UTF-8 becomes U+FFFD.
import { isUtf8 } from 'node:buffer';

export interface Utf8Chunks {
  /** What there is up to the last character that is complete; the rest waits for the next chunk. */
  next(chunk: Buffer): Buffer;
  /** What still waits, after which nothing comes. */
  end(): Buffer;
}

const EMPTY = Buffer.alloc(0);

export function createUtf8Chunks(): Utf8Chunks {
  let carry: Buffer = EMPTY;
  return {
    next(chunk) {
      const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
      const whole = wholeCharacters(bytes);
      carry = whole === bytes.length ? EMPTY : Buffer.from(bytes.subarray(whole));
      return valid(bytes.subarray(0, whole));
    },
    end() {
      const rest = carry;
      carry = EMPTY;
      return valid(rest);
    },
  };
}

function valid(bytes: Buffer): Buffer {
  return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'), 'utf8');
}

/** How many bytes there are up to the last character that is complete. */
function wholeCharacters(bytes: Buffer): number {
  const size = bytes.length;
  for (let back = 1; back <= Math.min(3, size); back++) {
    const byte = bytes[size - back] ?? 0;
    if (byte < 0x80) return size;
    if (byte < 0xc0) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needs > back ? size - back : size;
  }
  return size;
}
