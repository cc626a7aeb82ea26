import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldedKey } from './folded-key.ts';

describe('keys that may be taken for one another', () => {
  it('fold to the same: case of any script, NFKC, blanks, NULs, what is not shown, marks', () => {
    for (const key of [
      'NAME',
      'nAmE',
      'name\0',
      ' name',
      'name\u00a0',
      'ｎａｍｅ',
      'name\u200d',
      '\ufeffname',
      'na\u00adme',
      'námé',
    ])
      assert.equal(foldedKey(key), 'name', JSON.stringify(key));
    for (const [one, other] of [
      ['ta\u017fk', 'task'],
      ['tas\u212a', 'task'],
      ['task\u0130d', 'taskId'],
      ['task\u0131d', 'taskId'],
      ['ARGUMENT\u1e9e', 'argumentss'],
    ] as const)
      assert.equal(foldedKey(one), foldedKey(other), one);
    for (const key of ['names', 'nam', 'name.', 'name_', 'na me2', '名前'])
      assert.notEqual(foldedKey(key), 'name', key);
  });
});
