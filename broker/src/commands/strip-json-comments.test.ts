import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripJsonComments } from './strip-json-comments.ts';

test('comments and trailing commas go, strings that look like them stay, and no offset moves', () => {
  const source = '{\n // one\n "a": "http://x", /* two\n lines */ "b": [1, 2,],\n "c": "/* no */ \\" // no",\n}';
  const json = stripJsonComments(source);
  assert.deepEqual(JSON.parse(json), { a: 'http://x', b: [1, 2], c: '/* no */ " // no' });
  assert.equal(json.length, source.length);
  assert.equal(json.split('\n').length, source.split('\n').length);
});
