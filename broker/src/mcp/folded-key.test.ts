import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKnownKeys, foldedKey } from './folded-key.ts';

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

  it('are mistakable also where a reader ends a name at its first NUL', () => {
    const known = createKnownKeys(['name', '_meta']);
    for (const key of ['name\0', 'na\0me', 'name\0x', 'NAME\0\0name', '_meta\0arguments'])
      assert.equal(known.mistakable([{ key }]), key, JSON.stringify(key));
    for (const key of ['name', 'x\0name', 'names\0'])
      assert.equal(known.mistakable([{ key }]), undefined, JSON.stringify(key));
  });
});
