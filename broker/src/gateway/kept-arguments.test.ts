import assert from 'node:assert/strict';
import { it } from 'node:test';
import { shownArguments } from '../approvals/shown-arguments.ts';
import { createPieces, pieceToken } from '../message/pieces.ts';
import { madeRequest } from './request.ts';
import { keptArguments, MOST_BYTES } from './kept-arguments.ts';

const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

function request(argsText: string) {
  const params: unknown = JSON.parse(`{"name":"x","arguments":${argsText}}`);
  const members = [
    ['name', '"x"'],
    ['arguments', argsText],
  ] as const;
  return madeRequest('tools/call', { ...Object(params) }, members);
}

it('keeps nothing unless the record of the server says so, and nothing where there are no arguments', () => {
  assert.equal(keptArguments(request('{"a":1}'), 'none'), undefined);
  const without = madeRequest('resources/read', { uri: 'a' }, [['uri', '"a"']]);
  assert.equal(keptArguments(without, 'full'), undefined);
});

it('keeps full arguments to the letter, also odd ones', () => {
  const text = '{"b":12345678901234567890, "__proto__":{"x":1},"é😀":"\\ud83d"}';
  const bytes = Buffer.byteLength(text);
  assert.deepEqual(keptArguments(request(text), 'full'), { how: 'full', text, bytes, isCut: false });
});

it('masks what looks like a secret by its name or its value, and leaves the rest', () => {
  const text = JSON.stringify({ password: 'hunter2', note: `use ${TOKEN} here`, list: [TOKEN], repo: 'a/b', n: 7 });
  const kept = keptArguments(request(text.replace('{', '{"__proto__":{"x":1},')), 'masked');
  assert.ok(kept);
  assert.deepEqual([kept.how, kept.isCut], ['masked', false]);
  assert.ok(!kept.text.includes(TOKEN) && !kept.text.includes('hunter2'));
  assert.equal(
    kept.text,
    '{"__proto__":{"x":1},"password":"***","note":"use *** here","list":["***"],"repo":"a/b","n":7}',
  );
});

it('masks secrets wherever they stand: within words, as keys, below a name, in URLs, headers, flags, and JSON that is a text', () => {
  const secrets = [
    { url: `https://${TOKEN}@github.com/x` },
    { header: `Bearer%20${TOKEN}`, list: `[${TOKEN}]`, path: `/x/${TOKEN}`, line: `a\\n${TOKEN}` },
    { [TOKEN]: 1 },
    { url: 'postgres://svc:hunter2@db/x', other: 'see postgres://svc:hunter2/@db.internal:5432/x?y=1 there' },
    { other: 'https://x/?to=redis://:hunter2@cache/0&api_key=hunter2' },
    { headers: ['Authorization: Bearer hunter2', 'Bearer hunter2', `Basic ${btoa('svc:hunter2')}`] },
    { headers: [['Authorization', 'hunter2']], argv: ['--password', 'hunter2', '-v'] },
    {
      command: 'mysql --password=hunter2flag -u x',
      other: 'mysql --password hunter2',
      third: 'DB_PASSWORD="hunter2 and"',
    },
    { body: JSON.stringify({ password: 'hunter2' }), twice: JSON.stringify(JSON.stringify({ password: 'hunter2' })) },
    { body: '{"password":"hunter2","password":"hunter2"}', cut: '{"password":"hunter2' },
    { password: { value: 'hunter2' }, secrets: { prod: ['hunter2'] }, tokens: { a: 'hunter2' } },
    {
      environment: [
        { name: 'DB_PASSWORD', value: 'hunter2' },
        { Key: 'API_TOKEN', Value: { x: 'hunter2' } },
      ],
    },
    { pem: '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----' },
    { long: `${'x '.repeat(3_995)}postgres://svc:hunter2${'p'.repeat(100)}@db/x` },
  ];
  const others = `${TOKEN} ${btoa('svc:hunter2')}`.split(' ');
  for (const args of secrets) {
    const text = keptArguments(request(JSON.stringify(args)), 'masked')?.text ?? '';
    const shown = shownArguments(args) ?? '';
    for (const each of [text, shown])
      assert.ok(
        (each.includes('***') || 'long' in args) && !['hunter2', ...others].some((secret) => each.includes(secret)),
        each,
      );
  }
});

it('leaves what only looks a little like a secret', () => {
  const args = {
    text: 'A basic understanding of bearer authentication: see https://x.example/a?page=2 and ssh://git@github.com/x.git',
    code: 'const token = readToken(file); function f(password: string) {} // API_KEY=$API_KEY',
    json: '{"id":12345678901234567890, "a":[1]}',
    ...{ max_tokens: 100, tokens: 7, secret_configuration: 'x', keyboardShortcuts: true, entries: [['a', 'b']] },
    environment: [{ name: 'REGION', value: 'eu' }],
  };
  assert.equal(keptArguments(request(JSON.stringify(args)), 'masked')?.text, JSON.stringify(args));
});

it('takes a time that grows with the length of a text and no faster', () => {
  const parts = [
    'a',
    'a:',
    '://',
    'a@',
    '"',
    'eyJ',
    'Bearer ',
    '--a ',
    'x=',
    '-----BEGIN PRIVATE KEY',
    '\\',
    ' ',
    '{"a":[',
  ];
  const startedAt = process.cpuUsage();
  for (const part of parts) {
    const text = part.repeat(Math.ceil(8_000 / part.length));
    keptArguments(request(JSON.stringify(Array.from({ length: 20 }, () => text))), 'masked');
  }
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 3_000_000, `${user} µs`);
});

it('cuts what is longer than its bound between two characters, and says how long it was', () => {
  const long = `{"text":"${'😀'.repeat(100_000)}"}`;
  const full = keptArguments(request(long), 'full');
  assert.ok(full);
  const length = Buffer.byteLength(full.text);
  assert.ok(length <= MOST_BYTES && length > MOST_BYTES - 4 && !full.text.includes('\ufffd'));
  assert.deepEqual([full.isCut, full.bytes], [true, Buffer.byteLength(long)]);
  const many = JSON.stringify(Array.from({ length: 900 }, (_each, index) => `${index} ${'word '.repeat(40)}`));
  const masked = keptArguments(request(`{"many":${many}}`), 'masked');
  assert.ok(masked && masked.isCut && Buffer.byteLength(masked.text) <= MOST_BYTES);
});

it('keeps of a large request, whose values are not parsed, what fits; masked without the large values and without the beginning of a word', () => {
  const large = Buffer.from('x'.repeat(10 * 1024 * 1024));
  const pieces = createPieces('T0K3N', [
    [large],
    [Buffer.from('{"deep":"secret-in-a-piece"}')],
    [Buffer.from('"m":1,"n":2')],
  ]);
  const [tail, value, members] = (['tail', 'value', 'members'] as const).map((kind, index) =>
    pieceToken('T0K3N', kind, index),
  );
  const args = `{"text":"one two ghp_a1B2${tail}","object":${value},"small":"kept",${members}}`;
  const cut = { ...request(args), pieces };
  const masked = keptArguments(cut, 'masked');
  assert.ok(masked && masked.isCut && masked.bytes > large.length);
  assert.equal(masked.text, '{"text":"one two …","object":"…","small":"kept","…":"…"}');
  const full = keptArguments(cut, 'full');
  assert.ok(full && full.isCut && full.bytes === masked.bytes);
  assert.ok(full.text.startsWith('{"text":"one two ghp_a1B2xxxx') && Buffer.byteLength(full.text) <= MOST_BYTES);
});
