// The name of a member, as it is read; of one that is longer than any that is looked for, nothing is kept.

const MAX_BYTES = 400;

export interface MemberName {
  begin(): void;
  /** Of the string as it is written, from `from` to `to`. */
  part(bytes: Buffer, from: number, to: number): void;
  /** One byte of an escape sequence. */
  byte(code: number): void;
  /** What it stands for, once it has been read as a whole; undefined: it is too long. */
  read(): string | undefined;
}

export function createMemberName(): MemberName {
  let parts: string[] = [];
  let size = 0;
  return {
    begin() {
      parts = [];
      size = 0;
    },
    part(bytes, from, to) {
      size += to - from + 1;
      if (size <= MAX_BYTES) parts.push(bytes.toString('utf8', from, to));
    },
    byte(code) {
      size += 1;
      if (size <= MAX_BYTES) parts.push(String.fromCharCode(code));
    },
    read() {
      if (size > MAX_BYTES) return undefined;
      const name: unknown = JSON.parse(`"${parts.join('')}"`);
      return typeof name === 'string' ? name : undefined;
    },
  };
}
