// Reads the lines of a byte stream, as MCP's stdio transport has them: one message per line. Removes what some programs put around a message: `\r`,
// blanks, a byte order mark.
const NEWLINE = 10;
const SPACE = 32;
/** The first byte of a byte order mark, which has three bytes. */
const MARK = 0xef;
/** How much is kept of the beginning and of the end of a line over the limit. */
const END_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

export interface LineReaderOptions {
  /** Returns the longest line, which may change. */
  maxBytes: () => number;
  onLine: (line: Buffer) => void;
  /** Called with the first and last kilobyte of a line over the limit. */
  onOversize: (head: Buffer, tail: Buffer) => void;
}

export interface LineReader {
  feed(chunk: Buffer): void;
  /** The input has ended: the rest counts as a line too. */
  end(): void;
}

/** Blank lines are ignored. */
export function createLineReader({ maxBytes, onLine, onOversize }: LineReaderOptions): LineReader {
  let parts: Buffer[] = [];
  let bytes = 0;
  let oversize: { head: Buffer; tail: Buffer } | undefined;

  const add = (part: Buffer) => {
    if (oversize === undefined) {
      parts.push(part);
      bytes += part.length;
      if (bytes <= maxBytes() + 1) return; // one byte more, because a carriage return does not count
      const whole = parts.length === 1 ? part : Buffer.concat(parts);
      oversize = { head: Buffer.from(whole.subarray(0, END_BYTES)), tail: Buffer.from(whole.subarray(-END_BYTES)) };
      parts = [];
    } else {
      const ends = [oversize.tail, part.subarray(-END_BYTES)];
      oversize.tail = Buffer.concat(ends).subarray(-END_BYTES);
    }
  };

  const end = () => {
    const cut = oversize;
    const line = bare(parts.length === 1 ? (parts[0] ?? NOTHING) : Buffer.concat(parts));
    parts = [];
    bytes = 0;
    oversize = undefined;
    if (cut !== undefined) return onOversize(cut.head, cut.tail);
    if (line.length > 0) onLine(line);
  };

  return {
    feed(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
        add(chunk.subarray(start, at));
        start = at + 1;
        end();
      }
      if (start < chunk.length) add(chunk.subarray(start));
    },
    end,
  };
}

/** The line without blanks and byte order marks at its ends. */
function bare(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  for (let byte = line[0]; byte !== undefined && (byte <= SPACE || byte === MARK); byte = line[start])
    start += byte === MARK ? 3 : 1;
  while (end > start && (line[end - 1] ?? 0) <= SPACE) end--;
  return line.subarray(start, end);
}
