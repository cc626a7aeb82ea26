// What becomes of the bytes of a message that is cut: most are kept as text, those of a hole are taken out and stand in the text as a
// token (see pieces.ts). Where a hole begins and ends, the reader says.
import { onOneLine } from 'mcpgate-shared/mcp/json-span';
import { createPieces, pieceToken, type PieceKind, type Pieces } from './pieces.ts';

export interface CutMessage {
  text: string;
  pieces: Pieces;
}

export interface CutOutput {
  /** Bytes that were kept, with the tokens. */
  readonly textBytes: number;
  /** Another chunk: indexes count from its beginning. */
  begin(): void;
  /** Keeps what stands before `at` and opens a hole. */
  open(bytes: Buffer, at: number, kind: PieceKind): void;
  /** Takes what stands before `at`; what follows is kept. */
  close(bytes: Buffer, at: number): void;
  /** The last hole, which is closed, took nothing. */
  undo(): void;
  /** The rest of the chunk goes where the bytes before it went. */
  flush(bytes: Buffer): void;
  message(): CutMessage;
}

/** `token`: at least 16 random characters of [0-9a-z]. */
export function createCutOutput(token: string): CutOutput {
  const kept: string[] = [];
  const taken: Buffer[][] = [];
  let textBytes = 0;
  let hole: Buffer[] | undefined;
  /** What stands before it in the chunk is kept or taken already. */
  let from = 0;

  function keep(bytes: Buffer, to: number): void {
    if (to <= from) return;
    textBytes += to - from;
    kept.push(bytes.toString('utf8', from, to));
    from = to;
  }

  function take(bytes: Buffer, to: number): void {
    if (to > from) hole?.push(withoutLineBreaks(bytes.subarray(from, to)));
    from = to;
  }

  return {
    get textBytes() {
      return textBytes;
    },
    begin() {
      from = 0;
    },
    open(bytes, at, kind) {
      keep(bytes, at);
      const text = pieceToken(token, kind, taken.length);
      textBytes += text.length;
      kept.push(text);
      hole = [];
      taken.push(hole);
    },
    close(bytes, at) {
      take(bytes, at);
      hole = undefined;
    },
    undo() {
      kept.pop();
      taken.pop();
    },
    flush(bytes) {
      if (hole === undefined) keep(bytes, bytes.length);
      else take(bytes, bytes.length);
    },
    message: () => ({ text: onOneLine(kept.join('')), pieces: createPieces(token, taken) }),
  };
}

/** Line breaks between tokens mean nothing; inside strings JSON has none. */
function withoutLineBreaks(bytes: Buffer): Buffer {
  for (const lineBreak of [10, 13]) {
    for (let at = bytes.indexOf(lineBreak); at >= 0; at = bytes.indexOf(lineBreak, at + 1)) bytes[at] = 32;
  }
  return bytes;
}
