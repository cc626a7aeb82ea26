// The last lines that a server wrote to stderr, each cut and with its secrets masked.

const MAX_LINES = 100;
const MAX_CHARS = 1000;

export interface StderrRing {
  push(chunk: Buffer): void;
  lines(): readonly string[];
  /** Another process writes from now on. */
  clear(): void;
}

export function createStderrRing(mask: (text: string) => string, onLine: (line: string) => void): StderrRing {
  const ring: string[] = [];
  let rest = '';
  return {
    clear() {
      ring.length = 0;
      rest = '';
    },
    push(chunk) {
      const lines = (rest + chunk.toString('utf8')).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > 16 * MAX_CHARS) {
        lines.push(rest);
        rest = '';
      }
      for (const line of lines) {
        if (line.trim() === '') continue;
        // Masked before it is cut: half a secret would not be found.
        const kept = mask(line).slice(0, MAX_CHARS);
        ring.push(kept);
        if (ring.length > MAX_LINES) ring.shift();
        onLine(kept);
      }
    },
    lines: () => (rest.trim() === '' ? [...ring] : [...ring, mask(rest).slice(0, MAX_CHARS)]),
  };
}
