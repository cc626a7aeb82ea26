import assert from 'node:assert/strict';
import { it } from 'node:test';
import { emptyList } from './last-known.ts';

it('only methods that list have an empty list, not one named after what every object has', () => {
  assert.equal(emptyList('resources/templates/list'), '{"resourceTemplates":[]}');
  for (const method of ['constructor', '__proto__', 'toString', 'tools/call', ''])
    assert.equal(emptyList(method), undefined, method);
});
