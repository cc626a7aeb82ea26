import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, copiedRows } from './copied-rows.ts';

/** As PostgreSQL says it: the signature, flags, what comes with them, rows, and the end. */
function copy(rows: readonly (readonly (Buffer | null)[])[], extension = Buffer.alloc(0)): Buffer {
  const count = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(value);
    return bytes;
  };
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const fields = (row: readonly (Buffer | null)[]): Buffer[] =>
    row.flatMap((field) => (field === null ? [length(-1)] : [length(field.length), field]));
  return Buffer.concat([
    ...[Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), length(0), length(extension.length), extension],
    ...rows.flatMap((row) => [count(row.length), ...fields(row)]),
    count(-1),
  ]);
}
const int8 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const int4 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int2 = (value: number): Buffer => int4(value).subarray(2);
const row = (position: bigint): (Buffer | null)[] => [
  ...[int8(position), int8(5n), null, int2(1), int4(7), int4(-8), null, int4(9), int4(2 ** 31 - 1), null],
  ...[Buffer.from('body'), Buffer.from('00ff', 'hex'), null],
];

test('rows are what the columns hold: numbers of every width and sign, bytes, the hash in hex, and nothing where there is nothing', () => {
  const all = allOf(copiedRows(copy([row(3n), row(-(2n ** 40n)), row(2n ** 53n - 1n)], Buffer.from('later'))));
  assert.deepEqual(all[0], [3, 5, null, 1, 7, -8, null, 9, 2 ** 31 - 1, null, Buffer.from('body'), '00ff', null]);
  assert.deepEqual(
    all.map(([position]) => position),
    [3, -(2 ** 40), 2 ** 53 - 1],
  );
});

test('how many rows there are, and where the last one stands, is known before any is made', () => {
  const found = copiedRows(copy(Array.from({ length: 1_201 }, (_, index) => row(BigInt(index)))));
  assert.deepEqual([found.count, found.last], [1_201, 1_200]);
  const parts = [...found.parts()];
  assert.deepEqual(
    parts.map((part) => part.length),
    [500, 500, 201],
  );
  assert.deepEqual(
    parts.flat().map(([position]) => position),
    Array.from({ length: 1_201 }, (_, index) => index),
  );
  const none = copiedRows(copy([]));
  assert.deepEqual([none.count, none.last, [...none.parts()]], [0, undefined, []]);
});

test('what is no row of the log, and what ends in its middle, is said to be so', () => {
  assert.throws(() => copiedRows(copy([row(1n).slice(1)])), /a row of 12 columns is none of the log/);
  const whole = copy([row(1n)]);
  for (let end = 0; end < whole.length; end += 1)
    assert.throws(() => copiedRows(whole.subarray(0, end)), RangeError, `${end} bytes`);
  const wide = row(1n);
  wide[3] = Buffer.alloc(3);
  assert.throws(() => allOf(copiedRows(copy([wide]))), /numbers of 3 bytes/);
});
