import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toTeamChange } from './group-resource.ts';
import { readPatch, readResource } from './scim-edits.ts';
import { toPersonChange } from './user-resource.ts';

const patch = (...Operations: unknown[]) => readPatch({ Operations });
const person = (...operations: unknown[]) => toPersonChange(patch(...operations));
const team = (...operations: unknown[]) => toTeamChange(patch(...operations));

describe('a patch', () => {
  test('is taken as IdPs write it: operations and attributes in any case, with a path or an object of values', () => {
    assert.deepEqual(person({ op: 'REPLACE', path: 'Active', value: 'False' }), { active: false });
    assert.deepEqual(
      person({
        op: 'Add',
        value: { 'name.givenName': 'Ada', 'urn:ietf:params:scim:schemas:core:2.0:User:active': true },
      }),
      { givenName: 'Ada', active: true },
    );
    assert.deepEqual(person({ op: 'add', path: 'emails[type eq "work"].value', value: 'ada@corp.example' }), {
      email: 'ada@corp.example',
    });
    assert.deepEqual(person({ op: 'replace', path: 'emails[type eq "home"].value', value: 'ada@home.example' }), {});
    assert.deepEqual(person({ op: 'remove', path: 'displayName' }), { displayName: null });
  });

  test('takes members out by their id alone, whatever else it says of them, and without knowing who is in', () => {
    assert.deepEqual(team({ op: 'Remove', path: 'members', value: [{ value: '1', display: 'somebody' }] }), {
      members: { add: [], take: ['1'] },
    });
    assert.deepEqual(team({ op: 'remove', path: 'members[value eq "1"]' }), { members: { add: [], take: ['1'] } });
    assert.deepEqual(
      team(
        { op: 'replace', path: 'members', value: [{ value: '1' }, { value: '2' }] },
        { op: 'remove', path: 'members[value eq "2"]' },
        { op: 'add', path: 'members', value: { value: '3' } },
      ),
      { members: { set: ['1', '2'], add: ['3'], take: ['2'] } },
    );
  });

  test('reaches nothing but the attributes that are kept, not even what every object has', () => {
    for (const path of ['__proto__', '__proto__.polluted', 'constructor.prototype.polluted'])
      assert.throws(() => person({ op: 'add', path, value: 'x' }), { scimType: 'invalidPath' }, path);
    for (const path of ['__proto__.polluted', 'constructor.prototype.polluted'])
      assert.throws(() => person({ op: 'add', value: { [path]: 'x' } }), { scimType: 'invalidPath' }, path);
    for (const path of ['constructor', 'constructor.prototype', 'toString.polluted', 'hasOwnProperty']) {
      assert.deepEqual(person({ op: 'add', path, value: 'x' }, { op: 'add', value: { [path]: 'x' } }), {}, path);
      assert.deepEqual(toPersonChange(readResource({ [path]: 'x' })), {}, path);
    }
    assert.deepEqual(['polluted' in {}, 'polluted' in Object.prototype.toString], [false, false]);
  });

  test('of more operations than a thousand, or with a filter of more than 500 characters, is refused unread', () => {
    const one = { op: 'replace', path: 'active', value: true };
    assert.throws(() => patch(...Array.from({ length: 1_001 }, () => one)), {
      code: 'usage',
      scimType: 'invalidSyntax',
    });
    assert.equal(patch(...Array.from({ length: 1_000 }, () => one)).length, 1_000);
    assert.throws(() => patch({ ...one, path: `members[${'('.repeat(501)}]` }), { scimType: 'invalidPath' });
  });
});
