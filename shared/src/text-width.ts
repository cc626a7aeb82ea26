// Texts made to fit the columns of a terminal.
import stringWidth from 'string-width';

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How many columns a text takes: marks that combine take none, East Asian wide letters and pictures two, colours none. */
export const textWidth = (text: string): number => stringWidth(text);

/** The text, or as much of its beginning as fits in `width` columns together with an ellipsis. No letter is cut in two. */
export function shortened(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let room = width - 1;
  for (const { segment } of letters.segment(text)) {
    room -= textWidth(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** With blanks behind, up to `width` columns. */
export const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

/** The same with nothing that is longer: what does not fit in a line is broken anywhere. */
export const wrappedWithin = (text: string, width: number): string[] =>
  wrapped(text, width).flatMap((line) => {
    const parts = [''];
    for (const { segment } of letters.segment(line)) {
      if (textWidth(`${parts.at(-1)}${segment}`) > width) parts.push('');
      parts[parts.length - 1] += segment;
    }
    return parts;
  });

/** In lines of at most `width` columns, broken at blanks only: an address or a command that is longer stays whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || textWidth(line) + 1 + textWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
