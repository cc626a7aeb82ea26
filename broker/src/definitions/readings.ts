// What a model reads where a text is written so that a search does not find it: letters of other scripts, characters that nobody sees between the letters,
// line breaks, and what is encoded. Only to look for signs in it; what is served is the text as it is.
import { asItLooks } from './confusable-letters.ts';

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;
/** Marks of emphasis, in the middle of a sentence. */
const EMPHASIS = /(?<![\p{L}\p{N}_])[*_`~]{1,3}(?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}])[*`~]{1,3}(?![\p{L}\p{N}_])/gu;
/** Inside of a sentence: no empty line beside it, and no mark of a list after it. */
const LINE_BREAK = /(?<!\n)\n(?=[^\S\n]{0,20}[^\s\-*#\d])/g;
const WORD = /\p{L}{1,60}/gu;
/** A text is decoded where it is at least so long. */
const ENCODED = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
const ESCAPES = /(?:\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|%[0-9a-f]{2}|&#x?[0-9a-f]{2,6};){4,}/gi;
const MOST_DECODED = 50;
const MOST_ENCODED_CHARS = 8_000;

/** The text as it is read: one line, without what is not seen. */
export function asRead(text: string): string {
  const seen = isAscii(text) ? text : text.replace(INVISIBLE, '').replace(WORD, ofOneScript).normalize('NFKC');
  return seen.replace(EMPHASIS, '').replace(LINE_BREAK, ' ');
}

const ofOneScript = (word: string): string =>
  /\p{Script=Latin}/u.test(word) && /[^\p{Script=Latin}\P{L}]/u.test(word) ? asItLooks(word) : word;

/** What stands encoded in a text, decoded, where it is text at all. */
export function decodedIn(text: string): string[] {
  const found: string[] = [];
  for (const [encoded] of text.matchAll(ENCODED)) {
    if (found.length >= MOST_DECODED) break;
    const decoded = Buffer.from(encoded.slice(0, MOST_ENCODED_CHARS), 'base64').toString();
    if (isProse(decoded)) found.push(decoded);
  }
  for (const [escaped] of text.matchAll(ESCAPES)) {
    if (found.length >= MOST_DECODED) break;
    found.push(unescaped(escaped.slice(0, MOST_ENCODED_CHARS)));
  }
  return found;
}

/** Characters that can be seen, and blanks between them. */
const isProse = (text: string): boolean => text.includes(' ') && /^[\p{L}\p{N}\p{P}\p{S}\p{Z}\n\r\t]+$/u.test(text);

function unescaped(text: string): string {
  return text
    .replace(/\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_all, ...codes: (string | undefined)[]) =>
      String.fromCharCode(parseInt(codes.slice(0, 3).find((code) => code !== undefined) ?? '20', 16)),
    )
    .replace(/&#(x?)([0-9a-f]{2,6});/gi, (all, hex: string, code: string) => {
      const point = parseInt(code, hex === '' ? 10 : 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : all;
    });
}

// oxlint-disable-next-line no-control-regex -- the range of ASCII
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);
