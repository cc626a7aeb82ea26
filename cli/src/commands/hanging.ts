import { wrapped } from 'mcpgate-shared/text-width';

/** `head`, which is `indent` columns wide, and the text behind it; on a terminal the text goes on below its own beginning, whole. */
export function hanging(head: string, indent: number, text: string, columns: number | undefined): string {
  const lines = columns === undefined ? [text] : wrapped(text, columns - indent);
  return head + lines.join(`\n${' '.repeat(indent)}`);
}
