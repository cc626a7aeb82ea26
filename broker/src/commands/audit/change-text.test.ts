import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, changeText, restOf, wrapped } from './change-text.ts';

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

test('long values go on in the next lines, at a blank where there is one, and none is lost', () => {
  const text = `url: ${'x'.repeat(50)} → ${'y'.repeat(100)} and more`;
  const lines = wrapped(text, 68);
  assert.ok(lines.length > 2 && lines.every((line) => line.length <= 68), lines.join('|'));
  assert.equal(
    lines
      .map((line, index) => (index === 0 ? line : line.slice(2)))
      .join('')
      .replaceAll(' ', ''),
    text.replaceAll(' ', ''),
  );
  assert.deepEqual(wrapped('short', 68), ['short']);
});
