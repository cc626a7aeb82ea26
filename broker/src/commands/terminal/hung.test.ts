import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textWidth } from 'mcpgate-shared/text-width';
import { hung } from './hung.ts';

const TEXT = [
  'this opens:',
  '  + user:ada, user:grace, user:linus, user:margaret, user:ken and 12 more gain github__create_issue (denied → allowed)',
  '!            the hook authorize has given no answer since 2026-12-01 10:00 UTC, and calls that it has to allow are denied',
  `the rule is not added; it would change this: ${'日本語'.repeat(30)}`,
].join('\n');

test('what does not fit goes on below where its text begins, and no line is wider than the terminal', () => {
  const lines = hung(TEXT, 80).split('\n');
  assert.ok(
    lines.every((line) => textWidth(line) <= 80),
    lines.join('\n'),
  );
  assert.match(lines.join('\n'), /^this opens:\n {2}\+ user:ada.*\n {4}\S.*allowed\)\n! {12}the hook.*\n {13}\S/);
  assert.match(lines.at(-1) ?? '', /^ {2}[日本語]+$/u);
  const words = (text: string) => text.replaceAll(/\s+/g, '');
  assert.equal(words(lines.join('')), words(TEXT), 'nothing is lost');
});

test('nothing is broken where nobody reads it on a terminal, and a terminal without a width is no reason to fail', () => {
  assert.equal(hung(TEXT, undefined), TEXT);
  assert.ok(hung(TEXT, 1).split('\n').length > 4);
});
