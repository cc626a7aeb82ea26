import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { argumentSchema } from './argument-schema.ts';

const SCHEMA = argumentSchema({
  type: 'object',
  properties: {
    amount: { type: 'integer' },
    'a.b': { type: 'string' },
    ü: { type: 'boolean' },
    tags: { type: 'array', items: { $ref: '#/$defs/tag' } },
    nullable: { type: ['string', 'null'] },
    either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    who: { $ref: '#/$defs/a~1person' },
    free: { type: 'object', additionalProperties: true, properties: { known: {} } },
    loop: { $ref: '#/$defs/loop' },
    away: { $ref: 'https://example.com/schema.json' },
  },
  $defs: {
    tag: { type: 'string' },
    'a/person': { type: 'object', properties: { name: { type: 'string' } } },
    loop: { $ref: '#/$defs/loop' },
  },
});

describe('what a schema says of arguments', () => {
  it('is which names there are, at any depth, and by references within it', () => {
    for (const path of [['amount'], ['a.b'], ['ü'], ['who', 'name'], ['free', 'known']])
      assert.equal(SCHEMA.has(path), 'named', path.join());
    for (const path of [['amout'], ['a'], ['constructor'], ['who', 'nme'], ['__proto__']])
      assert.equal(SCHEMA.has(path), 'missing', path.join());
    for (const path of [
      ['free', 'x'],
      ['loop', 'x'],
      ['away', 'x'],
      ['amount', 'x'],
      ['either', 'x'],
    ])
      assert.equal(SCHEMA.has(path), 'open', path.join());
    assert.deepEqual(SCHEMA.beside(['who', 'nme']), ['name']);
    assert.equal(SCHEMA.beside(['amout']).length, 10);
  });

  it('is of which types they are, where that is one type that conditions know', () => {
    const types = ['amount', 'a.b', 'ü', 'tags', 'nullable', 'either', 'who', 'nothing'].map(SCHEMA.typeOf);
    assert.deepEqual(types, ['number', 'string', 'bool', 'strings', 'any', 'any', 'any', 'any']);
  });

  it('is nothing where it has no properties, or may have others', () => {
    for (const input of [
      undefined,
      null,
      true,
      'x',
      [],
      {},
      { type: 'object' },
      { properties: [] },
      { $ref: '#/nope' },
    ])
      assert.equal(argumentSchema(input).has(['x']), 'open', JSON.stringify(input));
    for (const word of ['allOf', 'anyOf', 'oneOf', 'if', 'patternProperties'])
      assert.equal(argumentSchema({ properties: {}, [word]: [] }).has(['x']), 'open', word);
    assert.equal(argumentSchema({ properties: {}, additionalProperties: { type: 'string' } }).has(['x']), 'open');
    assert.equal(argumentSchema({ properties: {}, additionalProperties: false }).has(['x']), 'missing');
    assert.equal(argumentSchema({ properties: {} }).has(['x']), 'missing', 'a tool that takes nothing');
  });
});
