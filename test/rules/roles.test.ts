// What follows from a role stands in the one table of roles (shared/src/api/roles.ts), which is asked with `may`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLES, TOKEN_ROLES } from '../../shared/src/api/roles.ts';
import { readSourceFiles } from './source-files.ts';

const NAME = `['"\`](?:${[...new Set([...ROLES, ...TOKEN_ROLES])].join('|')})['"\`]`;
/** `user.role === 'admin'`, `'member' !== role`, `switch (role)`, `['admin'].includes(person.role)`. */
const COMPARES = new RegExp(
  [
    String.raw`\brole\b\s*[!=]==?\s*${NAME}`,
    String.raw`${NAME}\s*[!=]==?\s*[\w.?]*\brole\b`,
    String.raw`\bswitch\s*\([^()]*\brole\b\s*\)`,
    String.raw`\]\)?\.(?:includes|has)\([\w.?]*\brole\b\)`,
  ].join('|'),
  'gi',
);

const comparisonsIn = (text: string): string[] => text.replaceAll(/^\s*\/?[/*].*$/gm, '').match(COMPARES) ?? [];

test('the rule sees each way to decide by the name of a role', () => {
  for (const text of [
    "if (person.role !== 'admin') return;",
    "const isPlain = 'member' === user?.role;",
    'switch (caller.role) {',
    "if (['admin', 'operator'].includes(role)) return;",
  ])
    assert.equal(comparisonsIn(text).length, 1, text);
  for (const text of [
    "const created = { name, role: 'admin' };",
    "const role = user?.role ?? 'member';",
    'if (known.role !== now.role) return;',
    "if (!may(role, 'admin')) return;",
  ])
    assert.deepEqual(comparisonsIn(text), [], text);
});

test('nothing compares a role with its name beside the table, because who may do what would stand in two places', () => {
  const broken = readSourceFiles()
    .filter(({ path, isTest }) => !isTest && /^(?:broker|cli|shared)\//.test(path))
    .flatMap(({ path, text }) => comparisonsIn(text).map((comparison) => `${path}: ${comparison}`));
  assert.deepEqual(broken, []);
});
