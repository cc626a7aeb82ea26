// The grammar of what JSON's structure is made of (RFC 8259, sections 3, 6 and 7): where strings, escape sequences, numbers and words end.

const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![-+.\w])/y;
/** A number or a word that may go on in the next chunk. No honest peer sends longer ones. */
export const SCALAR_BEGUN = /[-+.\w]{0,16384}$/y;
/** What may follow a backslash, besides `u`. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const LONG_ESCAPE = /\\u[\dA-Fa-f]{4}/y;
/** An escape sequence that may go on in the next chunk. */
export const ESCAPE_BEGUN = /\\(?:u[\dA-Fa-f]{0,3})?$/y;
const SPECIAL = /["\\\u0000-\u001f]/g; // oxlint-disable-line no-control-regex -- JSON has none in strings
/** Short runs are gone through one by one, which is faster than to begin with the expression. */
const SHORT_RUN = 32;

/** Where a run of characters ends that mean nothing within a string: at a quote, a backslash or a control character. */
export function plainEnd(text: string, from: number): number {
  const near = Math.min(text.length, from + SHORT_RUN);
  for (let at = from; at < near; at++) {
    const code = text.charCodeAt(at);
    if (code === 34 || code === 92 || code < 32) return at;
  }
  SPECIAL.lastIndex = near;
  return SPECIAL.test(text) ? SPECIAL.lastIndex - 1 : text.length;
}

/** Where the escape sequence at `at` ends; 0: it is none, or goes on in the next chunk. */
export function escapeEnd(text: string, at: number): number {
  if (SHORT_ESCAPES.has(text.charCodeAt(at + 1))) return at + 2;
  LONG_ESCAPE.lastIndex = at;
  return LONG_ESCAPE.test(text) ? LONG_ESCAPE.lastIndex : 0;
}

/** Where the number or word at `at` ends; 0: it is none, or goes on in the next chunk. */
export function scalarEnd(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : 0;
}

export function isSpace(code: number): boolean {
  return code <= 32 || (code >= 0xa0 && /\s/.test(String.fromCharCode(code)));
}

/** Of a character that takes two codes in UTF-16, which must not be cut apart. */
export function isSecondHalf(code: number): boolean {
  return (code & 0xfc00) === 0xdc00;
}
