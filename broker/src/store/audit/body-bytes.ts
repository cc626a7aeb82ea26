// The bytes in which a row of the audit log keeps what no search looks for: counts take as many bytes as they need, and hex digits and UUIDs half of
// what they take as text.

const CONTINUES = 0x80;
const NULL = 0;
const TEXT = 1;
const HEX = 2;
const UUID = 3;
const HUNDREDTHS = 1;
const DOUBLE = 2;

const IS_HEX = /^(?:[0-9a-f]{2})+$/;
const IS_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class BodyWriter {
  #bytes = Buffer.allocUnsafe(160);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#length * 2);
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no count`);
    let rest = value;
    while (rest >= CONTINUES) {
      this.#bytes[this.#reserve(1)] = (rest % CONTINUES) | CONTINUES;
      rest = Math.floor(rest / CONTINUES);
    }
    this.#bytes[this.#reserve(1)] = rest;
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.count(NULL);
    if (IS_UUID.test(value)) return this.count(UUID).#raw(Buffer.from(value.replaceAll('-', ''), 'hex'));
    const [code, bytes] = IS_HEX.test(value) ? [HEX, Buffer.from(value, 'hex')] : [TEXT, Buffer.from(value, 'utf8')];
    return this.count(code).count(bytes.length).#raw(bytes);
  }

  /** Milliseconds: as whole hundredths where they are that, as most are. */
  ms(value: number | null): this {
    if (value === null) return this.count(NULL);
    const hundredths = Math.round(value * 100);
    if (hundredths >= 0 && Number.isSafeInteger(hundredths) && hundredths / 100 === value && !Object.is(value, -0))
      return this.count(HUNDREDTHS).count(hundredths);
    const at = this.count(DOUBLE).#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
    return this;
  }

  #raw(bytes: Buffer): this {
    bytes.copy(this.#bytes, this.#reserve(bytes.length));
    return this;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }
}

/** Reads what `BodyWriter` has written, in the same order. Throws RangeError where that is not there. */
export class BodyReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new RangeError('the body ends too early');
    return at;
  }

  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= CONTINUES) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte % CONTINUES) * scale;
      if (byte < CONTINUES) return value;
    }
  }

  text(): string | null {
    const code = this.count();
    if (code === NULL) return null;
    if (code === UUID) {
      const hex = this.#string(16, 'hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }
    if (code !== HEX && code !== TEXT) throw new RangeError(`${code} is no form of a text`);
    return this.#string(this.count(), code === HEX ? 'hex' : 'utf8');
  }

  ms(): number | null {
    const code = this.count();
    if (code === NULL) return null;
    if (code === HUNDREDTHS) return this.count() / 100;
    if (code === DOUBLE) return this.#bytes.readDoubleBE(this.#take(8));
    throw new RangeError(`${code} is no form of a time`);
  }

  /** Throws where something is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('the body is longer than what was written');
  }

  #string(length: number, encoding: 'hex' | 'utf8'): string {
    const at = this.#take(length);
    return this.#bytes.toString(encoding, at, at + length);
  }
}
