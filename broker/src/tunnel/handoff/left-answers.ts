// The unacknowledged fragments of a channel as bytes that the vault can seal: the number of the first one (u32), then of each fragment its flags
// (u8), its length (u32) and its payload.
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';

const HEAD_BYTES = 4;
const PART_BYTES = 5;

export function packAnswers({ first, fragments }: KeptFragments): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(first);
  const parts: Uint8Array[] = [head];
  for (const { flags, payload } of fragments) {
    const part = Buffer.alloc(PART_BYTES);
    part.writeUInt8(flags);
    part.writeUInt32BE(payload.length, 1);
    parts.push(part, payload);
  }
  return Buffer.concat(parts);
}

/** Reads bytes that `packAnswers` has made. */
export function unpackAnswers(bytes: Buffer): KeptFragments {
  const fragments: { flags: number; payload: Uint8Array }[] = [];
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const end = at + PART_BYTES + bytes.readUInt32BE(at + 1);
    fragments.push({ flags: bytes.readUInt8(at), payload: bytes.subarray(at + PART_BYTES, end) });
    at = end;
  }
  return { first: bytes.readUInt32BE(0), fragments };
}

/** The purpose to seal under (associated data), so that the answers of one channel cannot be opened as those of another. */
export const purposeOf = (broker: string, id: string) => `answers:${broker}:${id}`;
