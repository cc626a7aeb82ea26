// The pages that lead through the sources name files and functions that are there: a walk whose stones are gone leads nobody.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../step.ts';

const FOLDERS = ['', 'broker/src', 'broker', 'shared/src', 'cli/src'];
/** `room/file.ts` and `room/file.ts:function`, as the pages write them. */
const NAMED = /^((?:[\w.-]+\/)+[\w.-]+\.(?:test\.)?ts)(?::(\w+))?$/;

interface Named {
  path: string;
  name: string | undefined;
}

function namedIn(page: string): Named[] {
  return [...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => {
    const [, path, name] = NAMED.exec(code) ?? [];
    return path === undefined ? [] : [{ path, name }];
  });
}

/** What is wrong with it, or undefined. */
function fault({ path, name }: Named): string | undefined {
  const file = FOLDERS.map((folder) => join(REPOSITORY, folder, path)).find((each) => existsSync(each));
  if (file === undefined) return `${path} is not there`;
  if (name === undefined || new RegExp(String.raw`\b${name}\b`).test(readFileSync(file, 'utf8'))) return undefined;
  return `${path} has no ${name}`;
}

for (const page of ['docs/architecture.md', 'docs/glossary.md', 'docs/security.md', 'CONTRIBUTING.md']) {
  test(`the files and functions that ${page} names are there`, () => {
    const named = namedIn(readFileSync(join(REPOSITORY, page), 'utf8'));
    assert.notEqual(named.length, 0);
    assert.deepEqual(
      named.flatMap((each) => fault(each) ?? []),
      [],
    );
  });
}

test('a file and a function that are not there are noticed', () => {
  const named = namedIn('From `store/gone.ts` to `gateway/gateway.ts:fly`, by `npm test` and `gateway/gateway.ts`.');
  assert.deepEqual(
    named.map((each) => fault(each)),
    ['store/gone.ts is not there', 'gateway/gateway.ts has no fly', undefined],
  );
});

/** `room/   what it owns   file.ts, other.ts`: the names at the end of each line of the picture of rooms. */
test('each room of the architecture has the file that it says to read first', () => {
  const [, picture = ''] =
    /## Rooms[\s\S]*?```\n([\s\S]*?)```/.exec(readFileSync(join(REPOSITORY, 'docs/architecture.md'), 'utf8')) ?? [];
  const rooms: string[] = [];
  const missing = picture.split('\n').flatMap((line) => {
    const [, indent = '', folders = '', rest = ''] = /^( *)((?:[\w.-]+\/(?:src\/)? *)+)(.*)$/.exec(line) ?? [];
    if (folders === '') return [];
    const depth = indent.length / 2;
    rooms.splice(depth);
    const here = folders.trim().split(/ +/);
    rooms[depth] = here[0] ?? '';
    const parent = rooms.slice(0, depth).join('');
    const files = rest.match(/[\w-]+\.ts\b/g) ?? [];
    return [
      ...here.filter((folder) => !existsSync(join(REPOSITORY, parent, folder))),
      ...files.filter((file) => !here.some((folder) => existsSync(join(REPOSITORY, parent, folder, file)))),
    ];
  });
  assert.deepEqual(missing, []);
});
