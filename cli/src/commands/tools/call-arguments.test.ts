import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonArgument, keyValueArguments } from './call-arguments.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    head: { type: 'integer' },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    lines: { type: 'array', items: { type: 'integer' } },
    options: { type: 'object' },
    mode: { enum: ['1', '2'] },
    either: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
  },
  additionalProperties: false,
};

test('words are typed by the schema', () => {
  const words = ['path=42', 'head=5', 'ratio=1', 'deep=true', 'options={"a":1}', 'mode=2', 'either=null'];
  assert.deepEqual(keyValueArguments(words, SCHEMA), {
    path: '42',
    head: 5,
    ratio: 1,
    deep: true,
    options: { a: 1 },
    mode: '2',
    either: null,
  });
});

test('a list is a key given more than once, or JSON', () => {
  assert.deepEqual(keyValueArguments(['tags=1', 'tags=b=c'], SCHEMA), { tags: ['1', 'b=c'] });
  assert.deepEqual(keyValueArguments(['lines=[1,2]'], SCHEMA), { lines: [1, 2] });
});

test('without a schema a word is JSON where it is, else text', () => {
  assert.deepEqual(keyValueArguments(['n=1', 't=hello', '__proto__=x'], undefined), {
    n: 1,
    t: 'hello',
    ['__proto__']: 'x',
  });
});

test('words that do not fit are told by name', () => {
  for (const [words, says] of [
    [['head=many'], /head must be an integer, not "many"/],
    [['head=1.5'], /head must be an integer/],
    [['deep=yes'], /deep must be a boolean \(true or false\)/],
    [['lines=x'], /lines must be an integer/],
    [['pth=x'], /no argument pth; it has: path, head/],
    [['path'], /neither key=value nor a JSON object/],
    [['=x'], /neither key=value/],
    [['path=a', 'path=b'], /path is given twice/],
  ] as const) {
    assert.throws(() => keyValueArguments(words, SCHEMA), says);
  }
});

test('a JSON object is passed on as typed; what is no object is refused', () => {
  const text = '{"big": 12345678901234567890}';
  assert.equal(jsonArgument([text]), text);
  assert.equal(jsonArgument(['a=1']), undefined);
  assert.throws(() => jsonArgument(['{"a":']), /not valid JSON/);
  assert.throws(() => jsonArgument(['[1]']), /one JSON object/);
});
