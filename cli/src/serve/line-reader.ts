// Lines on a byte stream, as MCP's stdio transport has them: a message a line, `\n`, tolerating what some programs put around one: `\r`,
// blanks, a byte order mark.
const NEWLINE = 10;
const SPACE = 32;
/** The first byte of a byte order mark, which is three long. */
const MARK = 0xef;
/** What is kept of either end of a line over the limit. */
const END_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

export interface LineReaderOptions {
  /** The longest line; asked for each time. */
  maxBytes: () => number;
  onLine: (line: Buffer) => void;
  /** A line over the limit has passed: its first and last kilobyte. */
  onOversize: (head: Buffer, tail: Buffer) => void;
}

export interface LineReader {
  feed(chunk: Buffer): void;
  /** The input is over: what it ended with was a line too. */
  end(): void;
}

/** Blank lines are passed over. */
export function createLineReader({ maxBytes, onLine, onOversize }: LineReaderOptions): LineReader {
  let parts: Buffer[] = [];
  let bytes = 0;
  let oversize: { head: Buffer; tail: Buffer } | undefined;

  const add = (part: Buffer) => {
    if (oversize === undefined) {
      parts.push(part);
      bytes += part.length;
      if (bytes <= maxBytes() + 1) return; // a carriage return does not count
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

/** Without blanks and byte order marks around it. */
function bare(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  for (let byte = line[0]; byte !== undefined && (byte <= SPACE || byte === MARK); byte = line[start])
    start += byte === MARK ? 3 : 1;
  while (end > start && (line[end - 1] ?? 0) <= SPACE) end--;
  return line.subarray(start, end);
}
