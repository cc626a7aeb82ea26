// How much of a string must stay, so that its text still tells whether it begins with a reserved mark: eight characters that are no
// white space decide it (`[mcpgate`), and a little more is kept for who reads a record.

const HEAD_BYTES = 256;
const DECIDING_CHARACTERS = 8;

export interface StringHead {
  begin(): void;
  byte(code: number): void;
  /** A whole escape sequence, by the UTF-16 code that it stands for. */
  escape(code: number): void;
  readonly isDecided: boolean;
}

export function createStringHead(): StringHead {
  let bytes = 0;
  let characters = 0;
  let lead = 0;
  return {
    begin() {
      bytes = characters = lead = 0;
    },
    byte(code) {
      bytes += 1;
      if (code < 0x80) {
        if (code > 32) characters += 1;
      } else if (code >= 0xc0) lead = code;
      else {
        // The second byte of a character: enough to know that it is none of Unicode's spaces.
        if (lead !== 0 && !mayBeSpace(lead, code)) characters += 1;
        lead = 0;
      }
    },
    escape(code) {
      bytes += 6;
      if (!/\s/.test(String.fromCharCode(code))) characters += 1;
    },
    get isDecided() {
      return bytes >= HEAD_BYTES && characters >= DECIDING_CHARACTERS;
    },
  };
}

/** U+00A0, U+1680, U+2000 to U+207F, U+3000 to U+303F, U+FEFF, by their first two bytes in UTF-8. */
function mayBeSpace(first: number, second: number): boolean {
  if (first === 0xc2) return second === 0xa0;
  if (first === 0xe1) return second === 0x9a;
  if (first === 0xe2) return second === 0x80 || second === 0x81;
  if (first === 0xe3) return second === 0x80;
  return first === 0xef && second === 0xbb;
}
