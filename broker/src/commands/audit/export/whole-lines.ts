// Lines in bytes that come in pieces: how many are whole, and the last one of them.

export interface WholeLines {
  take(piece: Buffer): void;
  readonly lines: number;
  /** Up to the end of the last whole line. */
  readonly bytes: number;
  /** Without its end; undefined: none is whole yet. */
  readonly last: string | undefined;
}

const LF = 0x0a;

/** `from`: what is there already. */
export function createWholeLines(from: { lines: number; bytes: number }): WholeLines {
  let { lines, bytes } = from;
  let total = bytes;
  /** What has come since the beginning of the last whole line. */
  let kept: Buffer = Buffer.alloc(0);
  let lastLength = 0;
  return {
    take(piece) {
      total += piece.length;
      const end = piece.lastIndexOf(LF);
      if (end === -1) {
        kept = Buffer.concat([kept, piece]);
        return;
      }
      for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1;
      const begin = end === 0 ? -1 : piece.lastIndexOf(LF, end - 1);
      // Only what is behind the line before belongs to it.
      kept = begin === -1 ? Buffer.concat([kept.subarray(lastLength), piece]) : Buffer.from(piece.subarray(begin + 1));
      lastLength = kept.lastIndexOf(LF) + 1;
      bytes = total - (piece.length - end - 1);
    },
    get lines() {
      return lines;
    },
    get bytes() {
      return bytes;
    },
    get last() {
      return lastLength === 0 ? undefined : kept.toString('utf8', 0, lastLength - 1).replace(/\r$/, '');
    },
  };
}
