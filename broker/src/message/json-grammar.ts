// The part of JSON's grammar (RFC 8259, sections 3, 6 and 7) that the cutter needs: where strings, escape sequences, numbers and words end.

const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![-+.\w])/y;
/** A number or a word at the end of a chunk, which may go on in the next one. No honest peer sends longer ones. */
export const SCALAR_BEGUN = /[-+.\w]{0,16384}$/y;
/** What may follow a backslash, besides `u`. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const LONG_ESCAPE = /\\u[\dA-Fa-f]{4}/y;
/** An escape sequence at the end of a chunk that goes on in the next one. */
export const ESCAPE_BEGUN = /\\(?:u[\dA-Fa-f]{0,3})?$/y;
const SPECIAL = /["\\\u0000-\u001f]/g; // oxlint-disable-line no-control-regex -- JSON has none in strings
/** The first characters are looked at one by one: for a short run that is faster than the regular expression. */
const SHORT_RUN = 32;

/**
 * Index of the first quote, backslash or control character at or behind `from`, all of which mean something in a string; else the text's
 * length.
 */
export function plainEnd(text: string, from: number): number {
  const near = Math.min(text.length, from + SHORT_RUN);
  for (let at = from; at < near; at++) {
    const code = text.charCodeAt(at);
    if (code === 34 || code === 92 || code < 32) return at;
  }
  SPECIAL.lastIndex = near;
  return SPECIAL.test(text) ? SPECIAL.lastIndex - 1 : text.length;
}

/** Index behind the escape sequence at `at`; 0 where there is none, or it goes on in the next chunk. */
export function escapeEnd(text: string, at: number): number {
  if (SHORT_ESCAPES.has(text.charCodeAt(at + 1))) return at + 2;
  LONG_ESCAPE.lastIndex = at;
  return LONG_ESCAPE.test(text) ? LONG_ESCAPE.lastIndex : 0;
}

/** Index behind the number or word at `at`; 0 where there is none, or it goes on in the next chunk. */
export function scalarEnd(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : 0;
}

export function isSpace(code: number): boolean {
  return code <= 32 || (code >= 0xa0 && /\s/.test(String.fromCharCode(code)));
}

/** Whether `code` is the second of the two UTF-16 codes of one character, which must not be cut apart. */
export function isSecondHalf(code: number): boolean {
  return (code & 0xfc00) === 0xdc00;
}
