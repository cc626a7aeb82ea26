// How the sources are divided: no file depends on itself, and no folder holds more than a reader can keep in mind.
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { readSourceFiles } from './source-files.ts';

const MOST_IN_A_FOLDER = 22;
const MOST_LINES = 400;

const files = readSourceFiles().filter(
  ({ path, isTest }) => !isTest && /^(broker|broker\/dashboard|cli|shared)\/src\//.test(path),
);

/** A way along imports from `path` back to it. */
function circleOf(path: string, imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [path];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const next of imports.get(at) ?? []) {
      if (next === path) {
        const way = [at];
        for (let from = cameFrom.get(at); from !== undefined; from = cameFrom.get(from)) way.unshift(from);
        return [...way, path];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      waiting.push(next);
    }
  }
  return undefined;
}

test('no file imports itself by way of others, types included, because neither of them could be read first', () => {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const circles = files.flatMap(({ path }) => circleOf(path, imports)?.join(' → ') ?? []);
  assert.deepEqual(circles, []);
});

test('a circle is noticed, however long it is', () => {
  const imports = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ]);
  assert.deepEqual(circleOf('a', imports), ['a', 'b', 'c', 'a']);
  assert.equal(circleOf('d', imports), undefined);
});

test('folders hold about twenty files, because more is a list and not a room', () => {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1);
  const crowded = [...counts].filter(([, count]) => count > MOST_IN_A_FOLDER);
  assert.deepEqual(crowded, []);
});

test('sources hold one idea, and no more lines than one idea takes', () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES);
  assert.deepEqual(long, []);
});
