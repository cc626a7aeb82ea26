// Each promise of docs/security.md names the test that holds it: `path/to/file.test.ts` and the test's own sentence in quotes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REPOSITORY } from '../step.ts';

interface Promised {
  promise: string;
  file: string;
  title: string;
}

/** The rows of the section, in their order. A cell reads "`FILE`: “TITLE”"; the title is a part of the test's name. */
function readPromises(): Promised[] {
  const page = readFileSync(`${REPOSITORY}docs/security.md`, 'utf8');
  const section = page.split('## What holds, and the test that shows it')[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise ') && !line.startsWith('| --- '))
    .map((line) => {
      const match = /^\| (?<promise>.+) \| `(?<file>[^`]+)`: “(?<title>[^”]+)” \|$/u.exec(line)?.groups;
      assert.ok(match, `this row of docs/security.md is not | PROMISE | \`FILE\`: “TITLE” |:\n${line}`);
      const { promise = '', file = '', title = '' } = match;
      return { promise, file, title };
    });
}

test('each promise of the security model names a test that exists', () => {
  for (const { promise, file, title } of readPromises()) {
    assert.ok(existsSync(REPOSITORY + file), `${promise}: there is no ${file}`);
    const source = readFileSync(REPOSITORY + file, 'utf8');
    assert.ok(source.replaceAll("\\'", "'").includes(title), `${promise}: ${file} has no test “${title}”`);
  }
});
