import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { duplicateKey } from './duplicate-key.ts';

describe('duplicateKey', () => {
  it('finds a key that stands twice in one object, at any depth, however it is written', () => {
    assert.equal(duplicateKey('{"a":1,"a":2}'), 'a');
    assert.equal(duplicateKey('{"x":[{"deep":{"b":1,"c":{},"b":[]}}]}'), 'b');
    assert.equal(duplicateKey('{"a":1,"\\u0061":2}'), 'a');
    assert.equal(duplicateKey('{"say \\"a\\"":1 , "say \\"a\\"" : 2}'), 'say "a"');
    assert.equal(duplicateKey(`{${Array.from({ length: 50 }, (_, n) => `"k${n}":0`).join()},"k3":1}`), 'k3');
    assert.equal(duplicateKey('x{"a":1,"a":2}', 1, 8), undefined, 'outside the range nothing counts');
  });

  it('finds none in what JSON.stringify writes', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => assert.equal(duplicateKey(text), undefined)));
    assert.equal(duplicateKey('{"a":"a","b":["a","a",{"a":1}],"c":{"a":"a:a,a"}}'), undefined);
  });

  it('finds every one that is planted', () => {
    const key = fc.string({ minLength: 1, maxLength: 4 });
    const members = fc.array(fc.tuple(key, fc.json({ maxDepth: 2 })), { maxLength: 20 });
    fc.assert(
      fc.property(key, members, (planted, others) => {
        const between = others
          .filter(([other]) => other !== planted)
          .map(([other, value]) => `${JSON.stringify(other)}:${value}`);
        const text = `{${[`${JSON.stringify(planted)}:1`, ...between, `${JSON.stringify(planted)}:2`].join(' , ')}}`;
        assert.notEqual(duplicateKey(text), undefined);
      }),
    );
  });
});
