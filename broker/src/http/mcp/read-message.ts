// Reads the message of a POST, chunk by chunk. Each chunk is counted before it is kept. A large message is cut into pieces as it arrives; all requests
// share the turns of the event loop in which that is done, so that large messages do not delay other work.
import type { Readable } from 'node:stream';
import { bareText } from 'mcpgate-shared/bare-text';
import { formatByteSize } from 'mcpgate-shared/byte-size';
import { GateError } from 'mcpgate-shared/error';
import { createLargeReader } from '../../message/large-reader.ts';
import { LARGE_BYTES, type Pieces } from '../../message/pieces.ts';
import type { Turns } from '../../message/turns.ts';
import type { BodyShare } from './body-memory.ts';

export interface ReadMessage {
  text: string;
  pieces?: Pieces;
}

/** Throws `too_large` past `maxBytes`, and what `share.take` throws. */
export async function readMessage(
  body: Readable,
  options: { share: BodyShare; turns: Turns; maxBytes: number },
): Promise<ReadMessage> {
  const { share, turns, maxBytes } = options;
  let chunks: Buffer[] = [];
  let bytes = 0;
  let reader: ReturnType<typeof createLargeReader> | undefined;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    share.take(chunk.length);
    if (reader !== undefined) {
      await turns.spend(chunk.length);
      reader.feed(chunk);
      continue;
    }
    chunks.push(chunk);
    if (bytes < LARGE_BYTES) continue;
    await turns.spend(bytes);
    reader = createLargeReader(chunks);
    chunks = [];
  }
  if (reader === undefined) return { text: bareText(Buffer.concat(chunks, bytes).toString('utf8')) };
  const message = reader.end();
  return typeof message === 'string' ? { text: message } : message;
}

export const tooLarge = (maxBytes: number): GateError =>
  new GateError('too_large', `the message is longer than ${formatByteSize(maxBytes)}, the most that this broker takes`);
