import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './parse-json.ts';

/** Keys that V8 has seen after the same beginning, and keys that it took for them. */
const MISREAD = [
  ['{"a":"","\\\\":1}', '{"a":0,"\\u0074":1}', 't'],
  ['{"b":"","\\\\u":1}', '{"b":0,"\\u0074x":1}', 'tx'],
  ['{"c":1,"c\\\\":1}', '{"c":1,"c\\u0062":1}', 'cb'],
  ['{"d":1,"\\\\":1}', '{"d":1,"\\"":1}', '"'],
  ['{"e":1,"\\\\":1}', '{"e":1,"\\n":1}', '\n'],
] as const;

/** Every character of every string escaped, as some printers of JSON do. */
const escaped = (json: string) =>
  json.replace(/"((?:[^"\\]|\\.)*)"/g, (whole) => {
    const text = JSON.parse(whole) as string;
    const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
  });

describe('parseJson', () => {
  for (const [before, text, key] of MISREAD)
    it(`reads the last key of ${text} after ${before}`, () => {
      for (let round = 0; round < 20; round++) parseJson(before);
      assert.deepEqual(Object.keys(parseJson(text) as object).at(-1), key);
      assert.deepEqual(parseJson(`[${text}, ${text}]`), [parseJson(text), parseJson(text)]);
    });

  it('gives what was printed, however its strings are escaped', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        for (const written of [text, escaped(text), JSON.stringify(value, null, 1)])
          assert.equal(JSON.stringify(parseJson(written)), text);
      }),
    );
  });

  it('keeps __proto__ a key, the last of two that are the same, empty containers and numbers', () => {
    const text = ' { "\\u005f_proto__" : { "x" : 1 } , "a":[ ],"a":{ },"b" : [ [ ] , [1.50, -0, 1e3, true,null] ] } ';
    const read = parseJson(text) as object;
    assert.deepEqual(Object.keys(read), ['__proto__', 'a', 'b']);
    assert.equal(JSON.stringify(read), '{"__proto__":{"x":1},"a":{},"b":[[],[1.5,0,1000,true,null]]}');
    assert.ok(!('x' in read));
  });

  it('hands out numbers as they are written, with escaped keys and without', () => {
    const read = (text: string) => parseJson(text, (_value, source) => source);
    assert.deepEqual(read('{"a":1.50,"b":[12345678901234567890]}'), { a: '1.50', b: ['12345678901234567890'] });
    assert.deepEqual(read('{"\\u0061":1.50,"b":[12345678901234567890]}'), {
      a: '1.50',
      b: ['12345678901234567890'],
    });
  });

  it('throws where JSON.parse throws', () => {
    for (const text of [
      '',
      '{',
      '{"\\u0061"}',
      '{"\\u0061":1,}',
      '{"\\x":1}',
      '"\\u00"',
      '{"a\\":1}',
      '\\',
      '[1] "\\n":',
    ])
      assert.throws(() => parseJson(text), SyntaxError, text);
  });

  it('reads a text that is nested as deep as it is long', () => {
    const deep = 100_000;
    let read = parseJson(`${'[{"\\n":'.repeat(deep)}1${'}]'.repeat(deep)}`);
    let levels = 0;
    for (; Array.isArray(read); levels++) read = (read[0] as Record<string, unknown>)['\n'];
    assert.equal(levels, deep);
  });
});
