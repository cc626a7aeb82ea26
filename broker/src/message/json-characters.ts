// Bytes that the grammar of JSON names (RFC 8259, sections 3 and 7).

/** By their first letter. */
export const LITERALS: Readonly<Record<number, string>> = { 102: 'false', 110: 'null', 116: 'true' };

/** What may follow a backslash, besides `u`. */
export const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
/** Those of them that stand for white space or a control character. */
export const ESCAPED_SPACES: ReadonlySet<number> = new Set(Buffer.from('fnrt'));

/** 0 to 15; -1: it is no hexadecimal digit. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
