// The output of the cutter (json-cutter.ts). It keeps most characters of a message as text. The cutter opens a *hole* around a value that is
// to be taken out: the characters of a hole become a piece, and a token stands in the text instead of them (pieces.ts).
import { onOneLine } from 'mcpgate-shared/mcp/json-span';
import { createPieces, pieceToken, type PieceKind, type Pieces } from './pieces.ts';

export interface CutMessage {
  /** JSON text on one line, with a token for each piece. */
  text: string;
  pieces: Pieces;
}

export interface CutOutput {
  /** Characters kept so far, tokens included. */
  readonly textLength: number;
  /** Begins a new chunk: the indexes `at` count from its beginning. */
  begin(): void;
  /** Opens a hole at `at`; characters before it are kept. */
  open(chunk: string, at: number, kind: PieceKind): void;
  /** Closes the hole at `at`; characters from there on are kept. */
  close(chunk: string, at: number): void;
  /** Removes the last hole, which is closed and empty, and its token. */
  undo(): void;
  /** Ends the chunk: the rest of it goes into the open hole, or is kept where none is open. */
  flush(chunk: string): void;
  message(): CutMessage;
}

/** `token`: at least 16 random characters of [0-9a-z]. */
export function createCutOutput(token: string): CutOutput {
  const kept: string[] = [];
  const taken: Buffer[][] = [];
  let textLength = 0;
  let hole: Buffer[] | undefined;
  /** Characters of the chunk before this index have been handled. */
  let from = 0;

  function keep(text: string): void {
    textLength += text.length;
    kept.push(text);
  }

  /** Puts the characters up to `to` into the open hole, or keeps them where none is open. */
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
