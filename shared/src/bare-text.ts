// A message as it was meant: without what some programs put around it.

/** A byte order mark, NULs and white space. */
const BLANK = /[\uFEFF\0\s]/;
/** What colours a terminal. */
// oxlint-disable-next-line no-control-regex -- it is what is looked for
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

/** The same for bytes: without a byte order mark at their beginning. */
export function withoutMark<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  if (bytes[0] !== MARK[0] || bytes[1] !== MARK[1] || bytes[2] !== MARK[2]) return bytes;
  return bytes.subarray(3) as Bytes;
}
