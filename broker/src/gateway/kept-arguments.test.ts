import assert from 'node:assert/strict';
import { it } from 'node:test';
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
