import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ago, formatTable } from './table.ts';

describe('tables', () => {
  test('columns are as wide as their texts', () => {
    assert.equal(
      formatTable(
        ['A', 'B'],
        [
          ['one', 'x'],
          ['two two', 'y'],
        ],
        undefined,
      ),
      'A        B\none      x\ntwo two  y\n',
    );
  });

  test('no line is wider than the terminal: the widest column gives way', () => {
    const text = formatTable(['NAME', 'NOTE'], [['ada', 'n'.repeat(200)]], 40);
    assert.ok(
      text.split('\n').every((line) => line.length <= 40),
      text,
    );
    assert.match(text, /ada   n+…/);
  });

  test('texts of others cannot steer the terminal', () => {
    const text = formatTable(['A'], [['\u001b[2Jclean\u202eup\r\nnext']], undefined);
    assert.equal(text, 'A\nclean up  next\n');
  });

  test('times are told as a person would', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    assert.equal(ago(null, now), 'never');
    assert.equal(ago('2026-01-01T23:58:00.000Z', now), '2 min ago');
    assert.equal(ago('2026-01-05T00:00:00.000Z', now), 'in 3 d');
    assert.equal(ago('2026-01-02T00:00:00.000Z', now), 'now');
  });
});
