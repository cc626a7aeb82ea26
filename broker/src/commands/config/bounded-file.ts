// Reads a file of a bounded length, whatever its size is said to be: what is named may be a pipe, which has none, or a device, which has no end.
import { createReadStream } from 'node:fs';

/** Undefined: it is longer. Rejects where it cannot be read. */
export async function readAtMost(
  from: string | AsyncIterable<Buffer | string>,
  mostBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of typeof from === 'string' ? createReadStream(from) : from) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
