// Lays out a heading with wrapped text beside it, for the output of `mcpgate doctor` and `mcpgate status`.
import { wrapped } from 'mcpgate-shared/text-width';

/** `head`, which is `indent` columns wide, and `text` after it. On a terminal the text is wrapped, and its lines are indented below each other. */
export function hanging(head: string, indent: number, text: string, columns: number | undefined): string {
  const lines = columns === undefined ? [text] : wrapped(text, columns - indent);
  return head + lines.join(`\n${' '.repeat(indent)}`);
}
