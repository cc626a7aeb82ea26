// A run: neighbouring items of an array that the cutter takes out together, as one piece. An item joins the run if it ends in the chunk in
// which it began and holds no reserved word. Any other item ends the run, is read again from its beginning, and stays in the text.
import type { CutOutput } from './cut-output.ts';

/** Words that the broker looks for in items: `"uri"`, and `mcpgate` in any case, also with some of its letters escaped. */
const RESERVED_WORD = /mcpgate|"uri"|\\u00[4-7]/i;

export interface ItemRun {
  readonly isOpen: boolean;
  /** Nesting level of the array. */
  readonly depth: number;
  /** Whether an item that may join is being read. */
  readonly hasItem: boolean;
  /** An item that may join begins at `at`; opens the run where none is open. */
  begin(chunk: string, at: number, depth: number): void;
  /** The item ends at `at`. Returns whether it joins the run. */
  join(chunk: string, at: number): boolean;
  /** The item does not join. Returns the index at which it began. */
  giveUp(): number;
  /** Ends the run behind the last item that joined; characters after it are kept. */
  close(chunk: string): void;
}

export function createItemRun(output: CutOutput): ItemRun {
  let from = 0;
  let to = 0;
  let itemAt = 0;
  // Plain properties: they are read for every value of a large message.
  const run = {
    isOpen: false,
    depth: 0,
    hasItem: false,
    begin(chunk: string, at: number, depth: number): void {
      if (!run.isOpen) {
        output.open(chunk, at, 'value');
        run.isOpen = true;
        from = to = at;
      }
      run.hasItem = true;
      itemAt = at;
      run.depth = depth;
    },
    join(chunk: string, at: number): boolean {
      if (RESERVED_WORD.test(chunk.slice(itemAt, at))) return false;
      to = at;
      run.hasItem = false;
      return true;
    },
    giveUp(): number {
      run.hasItem = false;
      return itemAt;
    },
    close(chunk: string): void {
      run.isOpen = false;
      output.close(chunk, to);
      if (to <= from) output.undo();
    },
  };
  return run;
}
