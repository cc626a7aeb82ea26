import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bareText, withoutMark } from './bare-text.ts';

it('a message is read without byte order marks, NULs, blanks and colours around it, and with all that stands in it', () => {
  const message = '{"a":"\\u0000 \uFEFF "}';
  for (const [before, after] of [
    ['', ''],
    ['\uFEFF', ''],
    ['\uFEFF\uFEFF \t', ' \r'],
    ['\0\0', '\0'],
    ['\u001b[0m', ''],
    [' \u001b[32;1m\u001b[K', '\n'],
  ] as const) {
    assert.equal(bareText(before + message + after), message);
  }
  assert.equal(bareText('\uFEFF \0'), '');
  assert.equal(bareText('not a message'), 'not a message');
});

it('a byte order mark is taken off the beginning of bytes, and nothing else is', () => {
  const bytes = Buffer.from('\uFEFF{}\uFEFF');
  assert.equal(withoutMark(bytes).toString(), '{}\uFEFF');
  assert.equal(withoutMark(Buffer.from('{}')).toString(), '{}');
  assert.equal(withoutMark(Buffer.from([0xef, 0xbb])).length, 2);
});
