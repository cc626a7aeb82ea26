import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapped } from './wrapped.ts';

test('long values go on in the next lines, at a blank where there is one, and none is lost', () => {
  const text = `url: ${'x'.repeat(50)} → ${'y'.repeat(100)} and more`;
  const lines = wrapped(text, 68);
  assert.ok(lines.length > 2 && lines.every((line) => line.length <= 68), lines.join('|'));
  assert.equal(
    lines
      .map((line, index) => (index === 0 ? line : line.slice(2)))
      .join('')
      .replaceAll(' ', ''),
    text.replaceAll(' ', ''),
  );
  assert.deepEqual(wrapped('short', 68), ['short']);
});
