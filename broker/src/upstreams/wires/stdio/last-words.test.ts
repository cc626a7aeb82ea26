import { execFile } from 'node:child_process';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from './last-words.ts';

/** What a Node program that ends like this leaves on stderr, line by line. */
async function crash(source: string): Promise<string[]> {
  const stderr = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['-e', source], (_error, _stdout, text) => {
      resolve(text);
    });
  });
  return stderr.split('\n').filter((line) => line.trim() !== '');
}

for (const [what, source, said] of [
  ['a module that is missing', "require('/nowhere/server.js')", /^Error: Cannot find module '\/nowhere\/server\.js'$/],
  ['an error with a code', 'new URL("x")', /^TypeError: Invalid URL$|^TypeError \[ERR_INVALID_URL\]: Invalid URL$/],
  ['a syntax error', 'let a = ;', /^SyntaxError: Unexpected token ';'$/],
  ['an error with a cause', "throw new Error('no token', { cause: new Error('inner') })", /^Error: no token$/],
] as const) {
  test(`a Node program that crashed by ${what} said its error, not the version of Node`, async () => {
    assert.match(lastWords(await crash(source)) ?? '', said);
  });
}

test('the last line of any other program is what it said', () => {
  assert.equal(lastWords(['Error: first', 'npm error the last']), 'npm error the last');
  assert.equal(lastWords(['throw 1', 'Node.js v24.1.0']), 'Node.js v24.1.0');
  assert.equal(lastWords([]), undefined);
});
