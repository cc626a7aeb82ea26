// Lines on a byte stream, as MCP's stdio transport has them: a message a line, `\n`, tolerating `\r\n`.
const LINE_MAX_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/** Returns the function that takes chunks; it answers false once a line is too long. Empty lines are passed over. */
export function createLineReader(onLine: (line: Buffer) => void): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let bytes = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      let line = chunk.subarray(start, end);
      start = end + 1;
      if (parts.length > 0) {
        line = Buffer.concat([...parts, line]);
        parts = [];
        bytes = 0;
      }
      if (line.at(-1) === RETURN) line = line.subarray(0, -1);
      if (line.length > 0) onLine(line);
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      bytes += chunk.length - start;
    }
    return bytes <= LINE_MAX_BYTES;
  };
}
