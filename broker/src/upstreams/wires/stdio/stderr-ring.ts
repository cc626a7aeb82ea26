// The last lines that a server wrote to stderr, each cut and with its secrets masked.
import { StringDecoder } from 'node:string_decoder';

const MAX_LINES = 100;
const MAX_CHARS = 1000;
/** A line that is longer is kept before it ends. */
const MAX_LINE_CHARS = 16 * MAX_CHARS;

export interface StderrRing {
  push(chunk: Buffer): void;
  lines(): readonly string[];
  /** Forgets all lines, because another process writes from now on. */
  clear(): void;
}

export function createStderrRing(mask: (text: string) => string, onLine: (line: string) => void): StderrRing {
  const ring: string[] = [];
  let rest = '';
  /** The line that is under way was too long and has been kept. */
  let isCut = false;
  let decoder = new StringDecoder('utf8');
  const keep = (line: string): void => {
    if (line.trim() === '') return;
    // Masked before it is cut: half a secret would not be found.
    const kept = mask(line).slice(0, MAX_CHARS);
    ring.push(kept);
    if (ring.length > MAX_LINES) ring.shift();
    onLine(kept);
  };
  return {
    clear() {
      ring.length = 0;
      rest = '';
      isCut = false;
      decoder = new StringDecoder('utf8');
    },
    push(chunk) {
      const parts = decoder.write(chunk).split('\n');
      for (const [index, part] of parts.entries()) {
        // The rest of a line that was too long is not looked at: a secret may stand where it was cut.
        if (!isCut) rest += part;
        const isWhole = index < parts.length - 1;
        if (!isWhole && rest.length <= MAX_LINE_CHARS) continue;
        keep(rest.replace(/\r$/, ''));
        rest = '';
        isCut = !isWhole;
      }
    },
    lines: () => (rest.trim() === '' ? [...ring] : [...ring, mask(rest).slice(0, MAX_CHARS)]),
  };
}
