import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordForm } from 'mcpgate-shared/api/servers';
import { isBlank, readRecord, recordText, withMistakes, withoutMistakes } from './record-text.ts';

const RECORDS: Readonly<Record<string, RecordForm>> = {
  'at a URL': {
    isolation: 'shared',
    trust_annotations: false,
    definitions: 'warn',
    audit_arguments: 'none',
    tool_classes: { read: [], write: [] },
    credential: 'personal',
    account: {
      kind: 'oauth',
      scopes: ['read', 'offline_access'],
      client_id: 'id # 1',
      client_secret: '${secret:client}',
      issuer: 'https://as.example',
    },
    probe: { tool: 'search', arguments: { query: 'a: b', limit: 1 } },
    transport: { kind: 'http', url: 'https://wiki.example/mcp?a=b#c', headers: { 'X-Key': 'Bearer ${secret:k}' } },
  },
  'that is started': {
    isolation: 'per-session',
    trust_annotations: true,
    definitions: 'hold',
    audit_arguments: 'masked',
    tool_classes: { read: [], write: [] },
    credential: 'personal',
    account: { kind: 'keys', fields: [{ name: 'KEY', label: 'Your key: "it"', help: 'a\nb', secret: true }] },
    probe: null,
    transport: {
      kind: 'stdio',
      command: 'node',
      args: ['-e', 'on\ntwo\n  lines # no comment', '', '8080', 'true', '- x', '${account:KEY}', 'é\u0007'],
      env: { PORT: '8080', EMPTY: '', 'odd name': ' x ' },
      cwd: '/srv',
      limits: { memory: '512MiB', processes: 'none' },
      network: 'none',
    },
  },
};

function mistakesOf(text: string): (readonly [line: string, message: string])[] {
  const read = readRecord(text);
  if (read.kind !== 'wrong') return [];
  return read.mistakes.map(({ line, message }) => [text.split('\n')[line - 1] ?? '', message]);
}

describe('a record as a text to edit', () => {
  for (const [name, record] of Object.entries(RECORDS))
    it(`of a server ${name} says all of it, and is read as what it says`, () => {
      const text = recordText(record, ['a server', 'a \u001b[31mred\nline']);
      const read = readRecord(text);
      assert.ok(read.kind === 'record', JSON.stringify(mistakesOf(text)));
      assert.deepEqual(read.record, record);
      assert.match(text, /^# a server\n# a .*red.*line\n\n# How it is reached/);
    });

  it('is told each mistake at its line, which stands there as a comment until it is read again', () => {
    const text = [
      'transport:',
      '  kind: stdio',
      '  command: node',
      '  comand: nod',
      '  env:',
      '    PORT: 8080',
      '  limits: { memory: 1MiB }',
      'isolation: everybody',
      '',
    ].join('\n');
    const mistakes = mistakesOf(text);
    assert.deepEqual(
      mistakes.map(([line]) => line.trim()).toSorted((a, b) => a.localeCompare(b)),
      ['comand: nod', 'isolation: everybody', 'limits: { memory: 1MiB }', 'PORT: 8080'].toSorted((a, b) =>
        a.localeCompare(b),
      ),
    );
    assert.ok(mistakes.some(([line, message]) => line.includes('comand') && message === 'there is no field comand'));
    const read = readRecord(text);
    assert.ok(read.kind === 'wrong');
    const shown = withMistakes(text, read.mistakes);
    assert.match(shown, /\n {4}# ✗ transport\.env\.PORT: it must be a text\n {4}PORT: 8080\n/);
    assert.equal(withoutMistakes(shown), text);
    assert.equal(withMistakes(withoutMistakes(shown), read.mistakes), shown, 'again without piling up');
  });

  it('that is no YAML is told where it ends to be some', () => {
    for (const text of ['transport: {kind: http\nisolation: x', 'a: b\na: c', 'a: [', '"', '\t- x', 'a: *b'])
      assert.equal(readRecord(text).kind, 'wrong', text);
    assert.equal(mistakesOf('isolation: shared\nisolation: shared\n')[0]?.[0], 'isolation: shared');
    for (const text of ['', '- a', 'text', 'null', '[]']) assert.equal(readRecord(text).kind, 'wrong', text);
  });

  it('is blank where only comments stand in it', () => {
    assert.ok(isBlank('# a\n\n  # b\n'));
    assert.ok(!isBlank('# a\nb: c\n'));
  });

  it('finds the place of what is said about it: the innermost that is there', () => {
    const record = RECORDS['that is started'];
    assert.ok(record !== undefined);
    const text = recordText(record, []);
    const read = readRecord(text);
    assert.ok(read.kind === 'record');
    const at = (...path: (string | number)[]) => text.split('\n')[read.lineOf(path) - 1]?.trim();
    assert.equal(at('transport', 'env', 'PORT'), 'PORT: "8080"');
    assert.equal(at('transport', 'args', 0), '- -e');
    assert.equal(at('transport', 'env', 'ABSENT'), 'env:');
    assert.equal(at('account', 'fields', 0, 'label'), `label: 'Your key: "it"'`);
    assert.equal(at('nothing'), read.lineOf(['nothing']) === 1 ? text.split('\n')[0] : at('transport'));
  });
});
