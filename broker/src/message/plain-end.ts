// Where a run of bytes ends that mean nothing within a JSON string: at a quote, a backslash or a control character.

const SPECIAL = /["\\\u0000-\u001f]/; // oxlint-disable-line no-control-regex -- JSON has none in strings
/** Short runs are found byte by byte; in long ones the expression's own loop is some times as fast. */
const SHORT_BYTES = 1_024;
const WINDOW_BYTES = 4_096;

/** Its index, or the length of `bytes`. */
export function plainEnd(bytes: Buffer, from: number): number {
  const size = bytes.length;
  const near = Math.min(size, from + SHORT_BYTES);
  for (let at = from; at < near; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 34 || byte === 92 || byte < 32) return at;
  }
  for (let at = near; at < size; at += WINDOW_BYTES) {
    const found = bytes.toString('latin1', at, Math.min(size, at + WINDOW_BYTES)).search(SPECIAL);
    if (found >= 0) return at + found;
  }
  return size;
}
