import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { REPOSITORY } from '../step.ts';
import { AREAS } from './areas.ts';

/** `a/{b,c}.ts` is `a/b.ts` and `a/c.ts`: each of them has to be there, and not just one. */
const alternatives = (pattern: string): string[] => {
  const [, head = '', names = '', tail = ''] = /^([^{]*)\{([^}]*)\}(.*)$/u.exec(pattern) ?? [];
  return names === '' ? [pattern] : names.split(',').flatMap((name) => alternatives(head + name + tail));
};

/** What Stryker takes behind a file: the lines that decide. */
const withoutLines = (pattern: string): string => pattern.replace(/:\d+-\d+$/u, '');

test('every source and every test that an area names is there', () => {
  for (const [area, { sources, tests }] of Object.entries(AREAS))
    for (const each of [...sources, ...tests].flatMap(alternatives))
      assert.ok(globSync(withoutLines(each), { cwd: REPOSITORY }).length > 0, `${area}: there is no ${each}`);
});
