import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RecordTexts as Transport } from './record-texts.ts';
import { fillTransport } from './fill-values.ts';

const NASTY = 'n&w#k/y ?=%41+"\'\\$(id)`id`;\n${home} ${secret:x} é😀';
const set = (value: string) => () => ({ value, imported: false });
const http = (url: string, headers: Record<string, string> = {}): Transport => ({ kind: 'http', url, headers });
const stdio = (args: string[], env: Record<string, string> = {}, command = 'x'): Transport => ({
  kind: 'stdio',
  command,
  args,
  env,
});

function argument(transport: Transport, value: string): string {
  const filled = fillTransport(transport, set(value));
  assert.equal(filled.kind, 'stdio');
  return filled.kind === 'stdio' ? (filled.args.at(-1) ?? '') : '';
}

describe('a secret is spelled for the spot that it stands in', () => {
  it('percent-encoded in each part of a URL, so that it cannot end the part', () => {
    const { url } = Object(
      fillTransport(
        http('https://u:${secret:a}@h.example/${secret:a}/mcp?key=${secret:a}&b=c#t=${secret:a}'),
        set(NASTY),
      ),
    );
    const read = new URL(String(url));
    assert.equal(read.hostname, 'h.example');
    assert.equal(decodeURIComponent(read.password), NASTY);
    assert.deepEqual(read.pathname.split('/').map(decodeURIComponent), ['', NASTY, 'mcp']);
    assert.deepEqual(
      [...read.searchParams],
      [
        ['key', NASTY],
        ['b', 'c'],
      ],
    );
    assert.equal(decodeURIComponent(read.hash.slice(3)), NASTY);
  });

  it('in the URL of a variable or an argument too', () => {
    const transport = stdio(['postgresql://app:${secret:a}@db/app'], { URL: 'redis://:${secret:a}@cache:6379' });
    const filled = fillTransport(transport, set('p@ss/w#1'));
    assert.deepEqual(
      filled,
      stdio(['postgresql://app:p%40ss%2Fw%231@db/app'], { URL: 'redis://:p%40ss%2Fw%231@cache:6379' }),
    );
  });

  it('as it is in a header, an argument and a variable', () => {
    const odd = 'n&w#k/y "$HOME"';
    assert.deepEqual(fillTransport(http('https://h.example', { A: 'Bearer ${secret:a}' }), set(odd)), {
      kind: 'http',
      url: 'https://h.example',
      headers: { A: `Bearer ${odd}` },
    });
    assert.deepEqual(fillTransport(stdio(['--key=${secret:a}', '${secret:a}'], { K: '${secret:a}' }), set(NASTY)), {
      kind: 'stdio',
      command: 'x',
      args: [`--key=${NASTY}`, NASTY],
      env: { K: NASTY },
    });
  });

  it('escaped in JSON, which stays what it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0')),
        (value) => {
          const text = argument(stdio(['{"a":{"token":"x-${secret:a}"},"b":[1,"${secret:a}"]}']), value);
          assert.deepEqual(JSON.parse(text), { a: { token: `x-${value}` }, b: [1, value] });
        },
      ),
    );
  });

  it('in a line of a shell or a program only where it is plain, and then for what stands around it, too', () => {
    const filled = argument(stdio(['-c', 'psql "postgres://app:${secret:a}@db/app"'], {}, 'sh'), 'p@ss/w');
    assert.equal(filled, 'psql "postgres://app:p%40ss%2Fw@db/app"');
    assert.equal(argument(stdio(['-e', "f('${secret:a}')"], {}, 'node'), 'p@ss/w'), "f('p@ss/w')");
    assert.throws(() => argument(stdio(['-e', 'f(${secret:a})'], {}, 'node'), 'x)(y'), /the text of a program/);
  });

  const refused: [what: string, transport: Transport, value: string, where: RegExp][] = [
    ['a line break in a header', http('https://h.example', { A: '${secret:pw}' }), 'a\nB: c', /header A/],
    ['letters that no header has', http('https://h.example', { A: 'Bearer ${secret:pw}' }), 'schlüssel✓', /header A/],
    ['NUL in an argument', stdio(['--k=${secret:pw}']), 'a\0b', /argument/],
    ['NUL in a variable', stdio([], { K: '${secret:pw}' }), 'a\0b', /env K/],
    ['another host', http('https://${secret:pw}.example/mcp'), 'evil.com/', /host/],
    [
      'a further setting of a connection string',
      stdio([], { C: 'Server=a;Password=${secret:pw};' }),
      'x;Server=evil',
      /“;”/,
    ],
    ['quotes where the quoting is not certain', stdio(['-c', 'x $(echo ${secret:pw})'], {}, 'sh'), 'a;id', /shell/],
    ['a command for cmd', stdio(['/c', 'set A=${secret:pw}&& x'], {}, 'cmd'), 'a&calc', /shell/],
    ['a command for PowerShell', stdio(['-Command', '$env:A="${secret:pw}"; x'], {}, 'pwsh'), '$(calc)', /shell/],
  ];
  for (const [what, transport, value, where] of refused) {
    it(`or refused by its name: ${what}`, () => {
      assert.throws(
        () => fillTransport(transport, set(value)),
        (error: Error) => {
          assert.match(error.message, /the secret pw cannot stand in /);
          assert.match(error.message, where);
          assert.ok(!error.message.includes(value));
          return true;
        },
      );
    });
  }

  it('to the letter as an imported file had it, until somebody sets the secret', () => {
    const transport = stdio(['postgresql://app:${secret:pw|as-imported}@db/app']);
    const imported = fillTransport(transport, () => ({ value: 'Str0ng#Pw', imported: true }));
    assert.deepEqual(imported, stdio(['postgresql://app:Str0ng#Pw@db/app']));
    assert.deepEqual(fillTransport(transport, set('N3w@Pw/1')), stdio(['postgresql://app:N3w%40Pw%2F1@db/app']));
  });
});
