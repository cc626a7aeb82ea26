import assert from 'node:assert/strict';
import { test } from 'node:test';
import { padded, shortened, textWidth, wrapped } from './text-width.ts';

test('letters are counted in columns: wide ones and pictures twice, marks and colours not at all', () => {
  for (const [text, width] of [
    ['', 0],
    ['ada', 3],
    ['Zürich', 6],
    ['Zu\u0308rich', 6],
    ['日本語', 6],
    ['한국', 4],
    ['🚀 go', 5],
    ['👩‍👩‍👧', 2],
    ['☀️', 2],
    ['1️⃣', 2],
    ['🇩🇪', 2],
    ['a\u200bb', 2],
    ['\u001b[1mada\u001b[22m', 3],
  ] as const) {
    assert.equal(textWidth(text), width, text);
  }
});

test('a text that is too long is cut with an ellipsis, between letters', () => {
  assert.equal(shortened('abcdef', 6), 'abcdef');
  assert.equal(shortened('abcdefg', 6), 'abcde…');
  assert.equal(shortened('日本語日本語', 6), '日本…');
  assert.equal(shortened('ab🚀cd', 4), 'ab…');
  assert.equal(shortened('⚠️⚠️⚠️', 5), '⚠️⚠️…');
  assert.equal(shortened('ab⚠️cd', 4), 'ab…');
  assert.equal(shortened('abc defgh', 5), 'abc…');
  assert.equal(padded('日本', 6), '日本  ');
});

test('sentences break at blanks, commands and addresses do not', () => {
  assert.deepEqual(wrapped('run `x` and then https://example.com/a/long/path', 12), [
    'run `x` and',
    'then',
    'https://example.com/a/long/path',
  ]);
  assert.deepEqual(wrapped('short', 12), ['short']);
});
