// Cuts a byte stream into lines of bounded length.

/** `onOversize` gets the first kilobyte of a line that is longer than `maxBytes`; the rest of it is skipped. */
export function createLineSplitter(options: {
  maxBytes: number;
  onLine: (line: string) => void;
  onOversize: (head: string) => void;
}): (chunk: Buffer) => void {
  const { maxBytes, onLine, onOversize } = options;
  let parts: Buffer[] = [];
  let size = 0;
  let skipping = false;

  return (chunk) => {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(10, from);
      const end = newline < 0 ? chunk.length : newline;
      if (!skipping && size + end - from > maxBytes) {
        skipping = true;
        const head = Buffer.concat([...parts, chunk.subarray(from, end)].slice(0, 2)).toString('utf8', 0, 1024);
        parts = [];
        size = 0;
        onOversize(head);
      }
      if (newline < 0) {
        if (!skipping && end > from) {
          parts.push(chunk.subarray(from));
          size += end - from;
        }
        return;
      }
      if (skipping) {
        skipping = false;
      } else if (parts.length === 0) {
        if (newline > from) onLine(chunk.toString('utf8', from, newline));
      } else {
        parts.push(chunk.subarray(from, newline));
        const line = Buffer.concat(parts).toString('utf8');
        parts = [];
        size = 0;
        onLine(line);
      }
      from = newline + 1;
    }
  };
}
