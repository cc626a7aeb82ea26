// Lines of text made to fit a terminal: what does not fit goes on in further lines, which hang below where the text of the first one begins.
import { textWidth, wrappedWithin } from 'mcpgate-shared/text-width';

/** Blanks, and a sign and the blanks behind it: `  + `, `!   `. */
const HEAD = /^ *(?:[-+~!?=\u2026\u2713\u2717] +)?/u;
/** How far further lines hang below one that begins at once. */
const USUAL = 2;
/** Narrower terminals get longer lines, which they break themselves. */
const LEAST = 20;

/** `columns`: of the terminal; undefined: it is none, and nothing is broken. */
export function hung(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => {
      if (textWidth(line) <= columns) return [line];
      const [head = ''] = HEAD.exec(line) ?? [];
      const indent = ' '.repeat(head.length || USUAL);
      const lines = wrappedWithin(line.slice(head.length), Math.max(LEAST, columns - indent.length));
      return lines.map((each, at) => (at === 0 ? head : indent) + each);
    })
    .join('\n');
}

/** The width of an output; undefined: it is no terminal. */
export const columnsOf = ({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number | undefined =>
  isTTY === true ? columns || 80 : undefined;
