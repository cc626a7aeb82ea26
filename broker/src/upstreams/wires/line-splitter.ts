// Cuts a byte stream into lines of bounded length. A long line is not collected, but handed on in parts as it comes.
import { LARGE_BYTES } from '../../message/pieces.ts';

export interface LongLine {
  /** Takes more of the line; the splitter does not use the bytes again. */
  feed(bytes: Buffer): void;
  /** The line has ended. */
  end(): void;
}

const END_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

const headOf = (parts: readonly Buffer[]): Buffer => Buffer.concat(parts.slice(0, 2)).subarray(0, END_BYTES);

/** `onOversize` gets the first and last kilobyte of a line that was longer than `maxBytes`; the rest of it is skipped. */
export function createLineSplitter(options: {
  maxBytes: number;
  onLine: (line: string) => void;
  /** Called with the beginning of a line that is longer than `LARGE_BYTES`; the line may still turn out to be oversized. */
  onLong: (first: readonly Buffer[]) => LongLine;
  onOversize: (head: string, tail: string) => void;
}): (chunk: Buffer) => void {
  const { maxBytes, onLine, onOversize } = options;
  let parts: Buffer[] = [];
  let size = 0;
  let long: LongLine | undefined;
  let head: Buffer = NOTHING;
  /** The last bytes of a line that is being skipped. */
  let tail: Buffer | undefined;

  function reset(): void {
    parts = [];
    size = 0;
    long = undefined;
  }

  /** Adds a part of a line that began in an earlier chunk, or does not end in this one. */
  function add(part: Buffer): void {
    size += part.length;
    if (long !== undefined) return long.feed(part);
    parts.push(part);
    if (size <= LARGE_BYTES) return;
    head = headOf(parts);
    long = options.onLong(parts);
    parts = [];
  }

  return (chunk) => {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(10, from);
      const end = newline < 0 ? chunk.length : newline;
      if (tail === undefined && size + end - from > maxBytes) {
        if (long === undefined) head = headOf([...parts, chunk.subarray(from, end)]);
        tail = parts.at(-1) ?? NOTHING;
        reset();
      }
      if (tail !== undefined) {
        const ends = [tail, chunk.subarray(from, end)].map((part) => part.subarray(-END_BYTES));
        tail = Buffer.concat(ends).subarray(-END_BYTES);
      }
      if (newline < 0) {
        if (tail === undefined && end > from) add(chunk.subarray(from));
        return;
      }
      if (tail !== undefined) {
        const last = tail.toString('utf8');
        tail = undefined;
        onOversize(head.toString('utf8'), last);
      } else if (size === 0) {
        if (newline > from) onLine(chunk.toString('utf8', from, newline));
      } else {
        add(chunk.subarray(from, newline));
        if (long === undefined) {
          const line = Buffer.concat(parts).toString('utf8');
          reset();
          onLine(line);
        } else {
          const ended: LongLine = long;
          reset();
          ended.end();
        }
      }
      from = newline + 1;
    }
  };
}
