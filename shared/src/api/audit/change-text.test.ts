import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, changeText, restOf } from './change-text.ts';

test('a field that is on both sides is one line, what was added or removed has a sign, and what is the same is left out', () => {
  const data = {
    ...{ role: 'auditor', changed: ['role', 'note', 'when'] },
    before: ['role=member', 'note=a=b', 'search = github__search', 'kept=1'],
    after: ['role=auditor', 'when=args.x > 1', 'issues = github__issues', 'kept=1'],
  };
  assert.deepEqual(changesOf(data)?.map(changeText), [
    'role: member → auditor',
    '- note: a=b',
    '- search = github__search',
    '+ when: args.x > 1',
    '+ issues = github__issues',
  ]);
  assert.deepEqual(restOf(data), { role: 'auditor' });
});

test('an event of another form is left as it is', () => {
  for (const data of [{}, { before: 'member', role: 'admin' }, { before: ['a=1'] }, { after: [] }]) {
    assert.equal(changesOf(data), undefined);
    assert.equal(restOf(data), data);
  }
});
