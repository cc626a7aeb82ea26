// Large messages. A text of megabytes would hold the event loop wherever it is parsed, searched, spliced or copied. So the edge that reads a
// large message takes its large values out as pieces (`createJsonCutter`). A small JSON text is left, with a token for each piece, and the
// rest of the broker handles it like any other. The edge that writes the message puts the bytes of the pieces back (`join`), and never makes
// one string of them.
//
// In the text stand, always: ids, methods, `params` with its strings, names and keys of `arguments`, keys of `_meta`, and the beginning of
// every string. Pieces are: the rest of long strings under `result`, `error` and `arguments`; the objects and arrays in `arguments`, and its
// members past the 256th; `structuredContent`, `error.data` and other objects that the broker does not read; and runs of small array items
// without a reserved word. Code that needs everything calls `wholeText`.

export interface Pieces {
  /** `text` as UTF-8 bytes, in parts, each token replaced by the bytes of its piece. Pieces hold no line breaks. */
  join(text: string): readonly Buffer[];
}

/**
 * Messages of so many bytes or more are cut. Shorter ones are parsed whole, which holds the event loop for 2 ms at most
 * (docs/decisions/large-json.md).
 */
export const LARGE_BYTES = 512 * 1024;

/** `text` as UTF-8 bytes, in parts, with its pieces put back. */
export function partsOf(text: string, pieces: Pieces | undefined): readonly Buffer[] {
  return pieces === undefined ? [Buffer.from(text, 'utf8')] : pieces.join(text);
}

/** `text` with its pieces put back, as one string. It holds the event loop, so it is for rare messages (lists). */
export function wholeText(text: string, pieces: Pieces | undefined): string {
  return pieces === undefined ? text : Buffer.concat(pieces.join(text)).toString('utf8');
}

export function byteLengthOf(text: string, pieces: Pieces | undefined): number {
  if (pieces === undefined) return Buffer.byteLength(text);
  let bytes = 0;
  for (const part of pieces.join(text)) bytes += part.length;
  return bytes;
}

/** What a piece is: `tail`: the rest of a string; `value`: a value, or several items of an array; `members`: members of an object. */
export type PieceKind = 'tail' | 'value' | 'members';

/** What stands in the text instead of the piece `index`. */
export function pieceToken(token: string, kind: PieceKind, index: number): string {
  if (kind === 'tail') return `${token}t${index}`;
  return kind === 'value' ? `"${token}v${index}"` : `"${token}m${index}":0`;
}

/** `token`: a random text that the sender of the message cannot guess. `pieces`: the bytes of each, in parts, in the order of their tokens. */
export function createPieces(token: string, pieces: readonly (readonly Buffer[])[]): Pieces {
  return {
    join(text) {
      const pattern = new RegExp(`"${token}[vm](\\d+)"(?::0)?|${token}t(\\d+)`, 'g');
      const parts: Buffer[] = [];
      let from = 0;
      for (const match of text.matchAll(pattern)) {
        if (match.index > from) parts.push(Buffer.from(text.slice(from, match.index), 'utf8'));
        for (const part of pieces[Number(match[1] ?? match[2])] ?? []) parts.push(part);
        from = match.index + match[0].length;
      }
      if (from < text.length) parts.push(Buffer.from(text.slice(from), 'utf8'));
      return parts;
    },
  };
}
