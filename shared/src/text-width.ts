// How many columns of a terminal a text takes, and texts made to fit. Near enough without a table of all of Unicode: marks that combine
// take none, East Asian wide letters and pictures two, everything else one.

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}/u;
const NONE = /^(?:\p{M}|[\u200b-\u200f])/u;

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function textWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- plain ASCII, which nearly all texts are, needs no segments
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of letters.segment(text)) width += widthOf(segment);
  return width;
}

/** The text, or as much of its beginning as fits in `width` columns together with an ellipsis. No letter is cut in two. */
export function shortened(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let room = width - 1;
  for (const { segment } of letters.segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** With blanks behind, up to `width` columns. */
export const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));

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

function widthOf(letter: string): number {
  if (WIDE.test(letter)) return 2;
  return NONE.test(letter) ? 0 : 1;
}
