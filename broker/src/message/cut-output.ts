// What becomes of the characters of a message that is cut: most are kept as text, those of a hole are taken out and stand in the text as a
// token (see pieces.ts). Where a hole begins and ends, the reader says.
import { onOneLine } from 'mcpgate-shared/mcp/json-span';
import { createPieces, pieceToken, type PieceKind, type Pieces } from './pieces.ts';

export interface CutMessage {
  text: string;
  pieces: Pieces;
}

export interface CutOutput {
  /** Characters that were kept, with the tokens. */
  readonly textLength: number;
  /** Another chunk: indexes count from its beginning. */
  begin(): void;
  /** Keeps what stands before `at` and opens a hole. */
  open(chunk: string, at: number, kind: PieceKind): void;
  /** Takes what stands before `at`; what follows is kept. */
  close(chunk: string, at: number): void;
  /** The last hole, which is closed, took nothing. */
  undo(): void;
  /** The rest of the chunk goes where the characters before it went. */
  flush(chunk: string): void;
  message(): CutMessage;
}

/** `token`: at least 16 random characters of [0-9a-z]. */
export function createCutOutput(token: string): CutOutput {
  const kept: string[] = [];
  const taken: Buffer[][] = [];
  let textLength = 0;
  let hole: Buffer[] | undefined;
  /** What stands before it in the chunk is kept or taken already. */
  let from = 0;

  function keep(text: string): void {
    textLength += text.length;
    kept.push(text);
  }

  /** The characters up to `to` go where the ones before them went. */
  function pass(chunk: string, to: number): void {
    if (to <= from) return;
    const text = chunk.slice(from, to);
    if (hole === undefined) keep(text);
    else hole.push(Buffer.from(onOneLine(text), 'utf8'));
    from = to;
  }

  return {
    get textLength() {
      return textLength;
    },
    begin() {
      from = 0;
    },
    open(chunk, at, kind) {
      pass(chunk, at);
      keep(pieceToken(token, kind, taken.length));
      hole = [];
      taken.push(hole);
    },
    close(chunk, at) {
      pass(chunk, at);
      hole = undefined;
    },
    undo() {
      kept.pop();
      taken.pop();
    },
    flush(chunk) {
      pass(chunk, chunk.length);
    },
    message: () => ({ text: onOneLine(kept.join('')), pieces: createPieces(token, taken) }),
  };
}
