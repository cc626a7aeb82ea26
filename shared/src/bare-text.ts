// Removes what some programs put around a message: byte order marks, NULs, white space and terminal colours.

/** A byte order mark, NULs and white space. */
const BLANK = /[\uFEFF\0\s]/;
/** An escape sequence that colours a terminal. */
// oxlint-disable-next-line no-control-regex -- the control character is what is searched for
const COLOUR = /\u001b\[[0-9;?]*[A-Za-z]/y;

/** The text without a byte order mark, NULs and white space at its ends, and without colours at its beginning. */
export function bareText(text: string): string {
  let start = 0;
  let end = text.length;
  for (;;) {
    COLOUR.lastIndex = start;
    if (BLANK.test(text.charAt(start))) start++;
    else if (COLOUR.test(text)) start = COLOUR.lastIndex;
    else break;
  }
  while (end > start && BLANK.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

const MARK = [0xef, 0xbb, 0xbf];

/** The bytes without a UTF-8 byte order mark at their beginning. */
export function withoutMark<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  if (bytes[0] !== MARK[0] || bytes[1] !== MARK[1] || bytes[2] !== MARK[2]) return bytes;
  return bytes.subarray(3) as Bytes;
}
