// The dashboard's files as they were built: how much a browser loads before the first page stands, and that no style is missing.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { REPOSITORY } from '../step.ts';

const BUILT = join(REPOSITORY, 'broker/dist/dashboard');
const MOST_BYTES = 300 * 1024;

const isFile = (name: string) => globSync(`assets/${name}`, { cwd: BUILT }).length > 0;

/** A file with those that it cannot begin without. */
function withImports(name: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(name) || !isFile(name)) return known;
  known.add(name);
  const text = readFileSync(join(BUILT, 'assets', name), 'utf8');
  for (const [, imported = ''] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    withImports(imported, known);
  return known;
}

test('the first page is at most 300 KiB, compressed with gzip', () => {
  const page = readFileSync(join(BUILT, 'index.html'), 'utf8');
  const named = [...page.matchAll(/\/dashboard\/assets\/([\w.-]+)/g)].map(([, name = '']) => name);
  assert.ok(named.length >= 4, page);
  const [overview = assert.fail('no overview page')] = globSync('overview-page-*.js', { cwd: join(BUILT, 'assets') });
  const scripts = new Set([...named, overview].flatMap((name) => [...withImports(name)]));
  const bytes = [...new Set([...named, ...scripts])].map((name) => {
    const size = gzipSync(readFileSync(join(BUILT, 'assets', name)), { level: 9 }).length;
    return [name, size] as const;
  });
  const all = bytes.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(all > 50 * 1024, 'the scripts were found');
  assert.ok(all <= MOST_BYTES, `${all} bytes: ${bytes.map(([name, size]) => `${name} ${size}`).join(', ')}`);
});

test('no page uses a part of Mantine whose styles are left out', () => {
  const config = readFileSync(join(REPOSITORY, 'broker/dashboard/vite.config.ts'), 'utf8');
  const [, list = ''] = /UNUSED_PARTS = \[([^]*?)\n\];/.exec(config) ?? [];
  const unused = new Set([...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name));
  assert.ok(unused.size > 20);
  const used = globSync('broker/dashboard/src/**/*.tsx', { cwd: REPOSITORY }).flatMap((path) => {
    const text = readFileSync(join(REPOSITORY, path), 'utf8');
    return [...text.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)].flatMap(([, names = '']) =>
      names.split(',').map((name) => ({ path, name: name.trim() })),
    );
  });
  assert.ok(used.length > 30);
  assert.deepEqual(
    used.filter(({ name }) => unused.has(name)),
    [],
  );
});
