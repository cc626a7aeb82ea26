// Rows of the log in the binary form in which PostgreSQL copies them out (documentation of PostgreSQL, COPY, "Binary Format"): it costs both sides half of
// what their texts do. A row is made of its bytes only when it is looked at: thousands of rows that live meanwhile would be moved about in memory.
import type { FoundRows, RawRow } from '../audit/log-connection.ts';
import { COLUMNS } from '../audit/row-columns.ts';

/** The signature and the flags. */
const FIRST_LENGTH = 11 + 4;
const NULL = -1;
const END = -1;
const BYTES_OF_COUNT = 2;
const BYTES_OF_LENGTH = 4;
/** So many rows are made at once. */
const PART = 500;

/** `bytes`: all that a copy of the columns of `audit_rows` has said, with the hash as it is. Throws RangeError where that is something else. */
export function copiedRows(bytes: Buffer): FoundRows {
  const first = FIRST_LENGTH + BYTES_OF_LENGTH + bytes.readInt32BE(FIRST_LENGTH);
  let [count, last, at] = [0, -1, first];
  for (; columnsAt(bytes, at) !== END; count += 1) {
    last = at;
    at += BYTES_OF_COUNT;
    for (let column = 0; column < COLUMNS.length; column += 1)
      at += BYTES_OF_LENGTH + Math.max(0, bytes.readInt32BE(at));
  }
  return {
    count,
    last: last === -1 ? undefined : new Fields(bytes, last + BYTES_OF_COUNT).whole(),
    *parts() {
      const fields = new Fields(bytes, first);
      for (let made = 0; made < count; made += PART)
        yield Array.from({ length: Math.min(PART, count - made) }, () => fields.row());
    },
  };
}

/** All of them, at once. */
export const allOf = (found: FoundRows): RawRow[] => [...found.parts()].flat();

function columnsAt(bytes: Buffer, at: number): number {
  const count = bytes.readInt16BE(at);
  if (count !== END && count !== COLUMNS.length) throw new RangeError(`a row of ${count} columns is none of the log`);
  return count;
}

/** The values of a row, one after the other. */
class Fields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  row(): RawRow {
    this.#at += BYTES_OF_COUNT;
    return [
      this.whole(),
      this.whole(),
      this.#number(),
      this.whole(),
      this.#number(),
      this.#number(),
      this.#number(),
      this.#number(),
      this.#number(),
      this.#number(),
      this.#bytesOf() ?? NOTHING,
      this.#hex(),
      this.#bytesOf(),
    ];
  }

  whole(): number {
    return this.#number() ?? 0;
  }

  #length(): number {
    const length = this.#bytes.readInt32BE(this.#at);
    this.#at += BYTES_OF_LENGTH;
    return length;
  }

  /** One beyond 2^53 is about what it is. */
  #number(): number | null {
    const length = this.#length();
    if (length === NULL) return null;
    const [bytes, at] = [this.#bytes, this.#at];
    this.#at += length;
    if (length === 2) return bytes.readInt16BE(at);
    if (length === 4) return bytes.readInt32BE(at);
    if (length === 8) return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
    throw new RangeError(`no column of the log has numbers of ${length} bytes`);
  }

  #bytesOf(): Uint8Array | null {
    const length = this.#length();
    if (length === NULL) return null;
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }

  #hex(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += Math.max(0, length);
    return this.#bytes.toString('hex', from, this.#at);
  }
}

const NOTHING = new Uint8Array(0);
