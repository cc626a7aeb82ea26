// How a reference to a secret is written is known in one place: a second pattern would one day read what the first does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceFiles } from './source-files.ts';

const HOME = 'shared/src/values/secret-reference.ts';
/** `\{secret` and `\{(secret`, as patterns have it; the text of a template has no backslash there. */
const PATTERN = /\\\{(?:\((?:\?:)?)?secret\b/;

test('only one source has a pattern for references to secrets', () => {
  const sources = readSourceFiles().filter(({ path, isTest }) => !isTest && !path.startsWith('test/'));
  assert.deepEqual(
    sources.filter(({ text }) => PATTERN.test(text)).map(({ path }) => path),
    [HOME],
  );
});
