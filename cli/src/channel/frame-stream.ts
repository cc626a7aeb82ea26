// Writes and reads frames on a byte stream, each after its length (u32). Bytes are copied only where a frame extends over two chunks.
import { FRAME_MAX_BYTES, HEADER_BYTES } from 'mcpgate-shared/link/frame';

export const PREFIX_BYTES = 4;

/** Fills the prefix of a buffer that was made with `PREFIX_BYTES` of headroom. */
export function fillPrefix(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 0);
  return bytes;
}

/** The length prefix of `frame`, in a buffer of its own. */
export function prefixOf(frame: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES);
  bytes.writeUInt32BE(frame.length, 0);
  return bytes;
}

/** A copy of `frame` with its prefix. For a few KiB, one write of a copy is cheaper than two writes. */
export function withPrefix(frame: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + frame.length);
  bytes.writeUInt32BE(frame.length, 0);
  bytes.set(frame, PREFIX_BYTES);
  return bytes;
}

/** Returns a function that takes the chunks of a stream. It returns false once the stream contains something else than frames. */
export function createFrameReader(onFrame: (frame: Buffer) => void): (chunk: Buffer) => boolean {
  let rest: Buffer | undefined;
  return (chunk) => {
    let bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    while (bytes.length >= PREFIX_BYTES) {
      const length = bytes.readUInt32BE(0);
      if (length < HEADER_BYTES || length > FRAME_MAX_BYTES) return false;
      if (bytes.length < PREFIX_BYTES + length) break;
      onFrame(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
      bytes = bytes.subarray(PREFIX_BYTES + length);
    }
    if (bytes.length > 0) rest = bytes;
    return true;
  };
}
