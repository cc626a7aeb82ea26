import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLineReader } from './line-reader.ts';

function reader(maxBytes: number) {
  const out: string[] = [];
  const { feed, end } = createLineReader({
    maxBytes: () => maxBytes,
    onLine: (line) => out.push(line.toString('latin1')),
    onOversize: (head, tail) =>
      out.push(`cut ${head.subarray(0, 2).toString('latin1')}…${tail.subarray(-2).toString('latin1')}`),
  });
  return { out, read: feed, end };
}

test('lines are the same however the stream is cut, and one over the limit is passed over with its two ends told', () => {
  const line = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 2000, max: 5000 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 3000 })), (lengths, cuts) => {
      const { out, read } = reader(2500);
      const lines = lengths.map((length, index) => `${index % 10}`.repeat(length));
      let rest = Buffer.from(lines.map((each) => `${each}\n`).join(''), 'latin1');
      for (const cut of cuts) {
        read(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      read(rest);
      const expected = lines
        .filter((each) => each !== '')
        .map((each) => (each.length > 2501 ? `cut ${each.slice(0, 2)}…${each.slice(-2)}` : each));
      assert.deepEqual(out, expected);
    }),
  );
});

test('carriage returns, blanks and byte order marks around a line are not part of it, and a line of nothing else is none', () => {
  const { out, read } = reader(100);
  read(Buffer.from('\uFEFF{"a":1}\r\n\r\n \t\n\uFEFF\n  \uFEFF {"b":"\uFEFF "}\0 \n'));
  assert.deepEqual(
    out.map((each) => Buffer.from(each, 'latin1').toString()),
    ['{"a":1}', '{"b":"\uFEFF "}'],
  );
});

test('what the input ends with is a line, with or without a line break behind it', () => {
  for (const last of ['', '\n']) {
    const { out, read, end } = reader(100);
    read(Buffer.from(`{"a":1}\n{"b":2}${last}`));
    end();
    assert.deepEqual(out, ['{"a":1}', '{"b":2}']);
  }
});
