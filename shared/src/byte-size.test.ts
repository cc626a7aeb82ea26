import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatByteSize, parseByteSize } from './byte-size.ts';

test('a size is read with its unit, and anything else is none', () => {
  const sizes = ['16MiB', '1.5 KiB', '2 GB', '100', '7 B'].map(parseByteSize);
  assert.deepEqual(sizes, [16 * 1024 * 1024, 1536, 2_000_000_000, 100, 7]);
  assert.deepEqual(['', 'MiB', '16 mib', '-1', '1e3', '16MiBs'].map(parseByteSize), Array(6).fill(undefined));
});

test('a size is shown in the largest unit that divides it', () => {
  assert.deepEqual([64 * 1024 * 1024, 1536, 1024].map(formatByteSize), ['64 MiB', '1536 bytes', '1 KiB']);
});
