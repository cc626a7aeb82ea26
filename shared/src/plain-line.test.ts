import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLine } from './plain-line.ts';

test('what a terminal would obey is gone, and what turns the direction of letters; all of it is one line', () => {
  assert.equal(plainLine('\u001b[2Jclean\u202eup\r\nnext'), 'clean up  next');
  assert.equal(plainLine('a\u001b]8;;https://evil.example\u0007b\u001b]8;;\u0007c'), 'abc');
  assert.equal(plainLine('a\u0000b\u0085c\u2028d\u2066e\tf'), 'a b c d e f');
  assert.equal(plainLine('日本 ✓ Zürich'), '日本 ✓ Zürich');
});
