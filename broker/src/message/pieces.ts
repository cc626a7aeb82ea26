// Large messages. A text of megabytes would hold the event loop wherever it is parsed, searched, spliced or copied. So the edge that reads
// one takes its large values out (`createJsonCutter`): what is left is a small JSON text that everything inside handles like any other,
// with tokens where the pieces were; the edge that writes puts the bytes back (`join`), without ever making one string of them.
//
// What the rest may rely on: ids, methods, `params` with its strings, names and keys of `arguments`, `_meta` keys, and the beginning of
// every string stand in the text; pieces are only: the rest of long strings under `result`, `error` and `arguments`, what `arguments`
// hold besides, `structuredContent`, `error.data` and other objects that nothing here looks into, and runs of small array items in which
// no reserved word stands. Whoever needs it all asks for `whole`.

export interface Pieces {
  /** The text as bytes, in parts, with the pieces where their tokens stand. Without line breaks where the text has none. */
  join(text: string): readonly Buffer[];
}

/** Messages from here on are cut; shorter ones are parsed as they are, which holds the loop for 2 ms at most (docs/decisions/large-json.md). */
export const LARGE_BYTES = 512 * 1024;

/** The text as bytes, in parts. */
export function partsOf(text: string, pieces: Pieces | undefined): readonly Buffer[] {
  return pieces === undefined ? [Buffer.from(text, 'utf8')] : pieces.join(text);
}

/** The whole as one string: holds the loop, so it is for what is rare (lists). */
export function wholeText(text: string, pieces: Pieces | undefined): string {
  return pieces === undefined ? text : Buffer.concat(pieces.join(text)).toString('utf8');
}

export function byteLengthOf(text: string, pieces: Pieces | undefined): number {
  if (pieces === undefined) return Buffer.byteLength(text);
  let bytes = 0;
  for (const part of pieces.join(text)) bytes += part.length;
  return bytes;
}

/** How a piece stands in the text: the rest of a string, a value (or several items), or members of an object. */
export type PieceKind = 'tail' | 'value' | 'members';

export function pieceToken(token: string, kind: PieceKind, index: number): string {
  if (kind === 'tail') return `${token}t${index}`;
  return kind === 'value' ? `"${token}v${index}"` : `"${token}m${index}":0`;
}

/** `token` cannot be guessed by who wrote the message. */
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
