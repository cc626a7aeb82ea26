// The pages that lead through the sources name files and functions that are there: a walk whose stones are gone leads nobody.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../step.ts';
import { readSourceFiles } from './source-files.ts';

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

interface Room {
  /** Relative to the repository's root. */
  folder: string;
  /** The files named on its line, which it may share with other folders. */
  files: readonly string[];
}

/** `room/  other/   what they own   file.ts, other.ts`: the rooms of the picture, below those that stand further left. */
function roomsIn(picture: string): Room[] {
  const above: string[] = [];
  return picture.split('\n').flatMap((line) => {
    const [, indent = '', folders = '', rest = ''] = /^( *)((?:[\w.-]+\/(?:src\/)? *)+)(.*)$/.exec(line) ?? [];
    if (folders === '') return [];
    above.splice(indent.length / 2);
    const parent = above.join('');
    const here = folders.trim().split(/ +/);
    above.push(here[0] ?? '');
    const files = rest.match(/[\w-]+\.ts\b/g) ?? [];
    return here.map((folder) => ({ folder: `${parent}${folder}`.replace(/\/$/, ''), files }));
  });
}

/** What is wrong with a picture of these folders, each of which has these files. */
function faultsOf(rooms: readonly Room[], sources: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const known = new Set(rooms.map(({ folder }) => folder));
  return [
    ...[...sources.keys()].filter((folder) => !known.has(folder)).map((folder) => `${folder} is missing`),
    ...rooms.flatMap(({ folder, files }) => {
      const own = sources.get(folder);
      if (own === undefined) return [`${folder} is not there`];
      if (!files.some((file) => own.has(file))) return [`${folder} has none of the files that its line names`];
      const others = rooms.filter((room) => room.files === files).map((room) => sources.get(room.folder));
      return files.filter((file) => !others.some((each) => each?.has(file))).map((file) => `${folder} has no ${file}`);
    }),
  ];
}

/** The folders with sources below `src` of each package, without tests and what tests share. */
function foldersWithSources(): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const { path, isTest } of readSourceFiles()) {
    if (isTest || !/^(?:broker|cli|shared)\/src\//.test(path)) continue;
    const folder = posix.dirname(path);
    folders.set(folder, (folders.get(folder) ?? new Set()).add(posix.basename(path)));
  }
  return folders;
}

test('each folder with sources stands in the picture of rooms, with a file of its own to read first', () => {
  const [, picture = ''] =
    /## Rooms[\s\S]*?```\n([\s\S]*?)```/.exec(readFileSync(join(REPOSITORY, 'docs/architecture.md'), 'utf8')) ?? [];
  assert.deepEqual(faultsOf(roomsIn(picture), foldersWithSources()), []);
});

test('a folder that is missing in the picture is noticed, and one that is gone, or has no file to read first', () => {
  const picture = `
cli/src/          where it begins     main.ts
  serve/  daemon/   two of them       session.ts
    old/            was here          gone.ts
  local/            the socket        wire.ts, lost.ts
`;
  const sources = new Map([
    ['cli/src', new Set(['main.ts'])],
    ['cli/src/serve', new Set(['session.ts'])],
    ['cli/src/daemon', new Set(['link.ts'])],
    ['cli/src/serve/new', new Set(['new.ts'])],
    ['cli/src/local', new Set(['wire.ts'])],
  ]);
  assert.deepEqual(faultsOf(roomsIn(picture), sources), [
    'cli/src/serve/new is missing',
    'cli/src/daemon has none of the files that its line names',
    'cli/src/serve/old is not there',
    'cli/src/local has no lost.ts',
  ]);
});
