// Items of an array that are taken out together. One joins the run where it ends in the chunk in which it began and holds no reserved word;
// any other is kept, and read again from its beginning.
import type { CutOutput } from './cut-output.ts';

/** `mcpgate` in any case, or with letters of it escaped. */
const RESERVED_WORD = /mcpgate|"uri"|\\u00[4-7]/i;

export interface ItemRun {
  readonly isOpen: boolean;
  /** How deep the array is. */
  readonly depth: number;
  /** An item is read that may join. */
  readonly hasItem: boolean;
  /** An item begins at `at`, which may join. */
  begin(chunk: string, at: number, depth: number): void;
  /** It ends at `at`; false: it cannot join. */
  join(chunk: string, at: number): boolean;
  /** The item does not join. Where it began. */
  giveUp(): number;
  /** The run ends behind its last item that joined; what follows is kept. */
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
