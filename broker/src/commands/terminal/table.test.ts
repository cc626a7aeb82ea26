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

  test('where several columns are wide, they give way alike, and what names the row gives way last', () => {
    const head = ['ID', 'LABEL', 'USER', 'SERVERS', 'FROM', 'STATE', 'EXPIRES', 'USED'];
    const row = [
      'g_0123456789abcdef',
      'l'.repeat(90),
      'u'.repeat(60),
      's'.repeat(70),
      'x',
      'active',
      'in 89 d',
      'never',
    ];
    const [, line = ''] = formatTable(head, [row], 80).split('\n');
    assert.ok(line.length <= 80, line);
    assert.match(line, /^g_0123456789abcdef {2}l{7,}… {2}u{7,}… {2}s{7,}… {2}x {5}active {2}in 89 d {2}never$/);
  });

  test('a narrow terminal does without the columns that are needed least, and keeps whole what names the row', () => {
    const head = ['ID', 'NAME', 'USER', 'PLATFORM', 'STATE', 'SEEN', 'ADDRESS'];
    const id = '0197f2c1-6f6e-7d7a-9a59-4f1f2f7d1a11';
    const row = [id, 'laptop-of-ada', 'ada.lovelace', 'linux', 'connected', '12 min ago', '203.0.113.17'];
    const least = ['ADDRESS', 'PLATFORM', 'SEEN'];
    const text = formatTable(head, [row], 80, least);
    assert.ok(
      text.split('\n').every((line) => line.length <= 80),
      text,
    );
    assert.match(text, new RegExp(`^ID +NAME +USER +STATE +SEEN *\n${id} {2}laptop`));
    assert.match(formatTable(head, [row], 200, least), /ADDRESS/);
  });

  test('what must be read to its end goes on in further lines beside the other columns, in as much as those leave', () => {
    const head = ['ID', 'RULE', 'NOTE', 'MANAGED BY'];
    const sentence =
      'allow group:payments and group:platform to call github__create_issue, except user:ada, when args.owner == "acme"';
    const rows = [
      ['r_abc123', sentence, 'n'.repeat(30), 'platform.yaml'],
      ['r_def456', `deny everybody to call ${'x'.repeat(90)}`, '', 'platform.yaml'],
    ];
    const lines = formatTable(head, rows, 80, ['NOTE', 'MANAGED BY'], 'RULE').trimEnd().split('\n');
    assert.ok(
      lines.every((line) => line.length <= 80),
      lines.join('\n'),
    );
    assert.match(lines[0] ?? '', /^ID +RULE +MANAGED BY$/);
    assert.match(lines[1] ?? '', /^r_abc123 {2}allow .* {2}platform\.yaml$/);
    const read = (from: number, to: number) => lines.slice(from, to).map((line) => line.slice(10, 65).trim());
    assert.equal(read(1, 4).join(' '), sentence);
    assert.equal(read(4, 7).join('').replaceAll(' ', ''), `denyeverybodytocall${'x'.repeat(90)}`);
    assert.equal(
      formatTable(head, rows, undefined, [], 'RULE').split('\n').length,
      4,
      'not where nobody reads it on a terminal',
    );
  });

  test('wide letters take two columns, and none is cut in two', () => {
    const text = formatTable(
      ['NAME', 'NOTE'],
      [
        ['日本', '🚀'.repeat(30)],
        ['ada', 'x'],
      ],
      20,
    );
    assert.equal(text, `NAME  NOTE\n日本  ${'🚀'.repeat(6)}…\nada   x\n`);
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
