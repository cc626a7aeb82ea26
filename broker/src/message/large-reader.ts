// Reads one large message a chunk at a time, for the edges: gives it cut, or says what it began with.
import { randomBytes } from 'node:crypto';
import { withoutMark } from 'mcpgate-shared/bare-text';
import type { CutMessage } from './cut-output.ts';
import { createJsonCutter } from './json-cutter.ts';

export interface LargeReader {
  /** The next bytes; they belong to the reader from now on. */
  feed(bytes: Buffer): void;
  /** The message, or, where it is none, the text of its beginning. */
  end(): CutMessage | string;
}

const HEAD_BYTES = 1_024;

/** Something that changes bytes on their way, and may hold some back. */
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
  // Whoever wrote the message must not be able to guess it.
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
