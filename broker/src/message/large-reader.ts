// Reads one large message from a client or a server, one chunk at a time, and gives it cut; where it is no message, gives its beginning.
import { randomBytes } from 'node:crypto';
import { withoutMark } from 'mcpgate-shared/bare-text';
import type { CutMessage } from './cut-output.ts';
import { createJsonCutter } from './json-cutter.ts';

export interface LargeReader {
  /** Takes the next bytes; the caller must not change them afterwards. */
  feed(bytes: Buffer): void;
  /** The cut message; a string where it is no message: its first kilobyte, as text. */
  end(): CutMessage | string;
}

const HEAD_BYTES = 1_024;

/** Changes bytes before they are read (the mask of a server's secrets does), and may hold some back until it has seen more. */
export interface ByteFilter {
  feed(bytes: Buffer): readonly Buffer[];
  end(): readonly Buffer[];
}

export function createLargeReader(first: readonly Buffer[], filter?: ByteFilter): LargeReader {
  if (filter === undefined) return createPlainReader(first);
  const reader = createPlainReader(first.flatMap((bytes) => filter.feed(bytes)));
  const feed = (bytes: Buffer): void => {
    for (const part of filter.feed(bytes)) reader.feed(part);
  };
  return {
    feed,
    end() {
      for (const part of filter.end()) reader.feed(part);
      return reader.end();
    },
  };
}

function createPlainReader(first: readonly Buffer[]): LargeReader {
  // The sender of the message must not be able to guess the token, or it could write one itself.
  const cutter = createJsonCutter(randomBytes(16).toString('hex'));
  const head = Buffer.concat(first.slice(0, 2)).toString('utf8', 0, HEAD_BYTES);
  let isMessage = true;
  const feed = (bytes: Buffer): void => {
    isMessage &&= cutter.feed(bytes);
  };
  for (const [index, bytes] of first.entries()) feed(index === 0 ? withoutMark(bytes) : bytes);
  return {
    feed,
    end: () => (isMessage ? cutter.end() : undefined) ?? head,
  };
}
