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

for (const [what, said, ...lines] of [
  [
    'a package that does not exist',
    'npm error 404 Not Found - GET https://registry.example/nope',
    'npm error code E404',
    'npm error 404 Not Found - GET https://registry.example/nope',
    'npm error 404',
    "npm error 404  The requested resource 'nope@*' could not be found or you do not have permission to access it.",
  ],
  [
    'a registry out of reach',
    'npm error FetchError: request to https://registry.example/nope failed, reason: connect ECONNREFUSED 127.0.0.1:1',
    'npm error code ECONNREFUSED',
    'npm error syscall connect',
    'npm error errno ECONNREFUSED',
    'npm error FetchError: request to https://registry.example/nope failed, reason: connect ECONNREFUSED 127.0.0.1:1',
    'npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/index.js:130:14)',
  ],
  ['an older npm', 'npm ERR! 404 Not Found', 'npm ERR! code E404', 'npm ERR! 404 Not Found'],
  ['nothing but a code', 'npm error code E1', 'npm error code E1'],
] as const) {
  test(`npm that failed by ${what} said why, not where its log is`, () => {
    const prefix = what === 'an older npm' ? 'npm ERR!' : 'npm error';
    const log = `${prefix} A complete log of this run can be found in: /home/x/.npm/_logs/1-debug-0.log`;
    assert.equal(lastWords(['npm warn deprecated', ...lines, log]), said);
  });
}

test('the last line of any other program is what it said', () => {
  assert.equal(lastWords(['Error: first', 'npm error the last']), 'npm error the last');
  assert.equal(lastWords(['throw 1', 'Node.js v24.1.0']), 'Node.js v24.1.0');
  assert.equal(lastWords([]), undefined);
});
