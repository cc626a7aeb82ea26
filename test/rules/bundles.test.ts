// What the bundles of the laptop load, asserted on esbuild's own account of them.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { build } from 'esbuild';
import { REPOSITORY } from '../step.ts';

/** External imports of the bundle of `entry`, static and dynamic apart. `and`: the modules that are loaded at once, besides. */
async function loadedBy(entry: string, and: readonly string[] = []) {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [entry],
    outdir: 'unused',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: { 'mcpgate-shared': './shared/src' },
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'silent',
  });
  // What is loaded at start: the entry and the chunks it imports statically, whoever they are shared with.
  const atStart = new Set(
    Object.keys(metafile.outputs).filter((path) => [entry, ...and].includes(metafile.outputs[path]?.entryPoint ?? '')),
  );
  const atStartOutputs = () => [...atStart].flatMap((path) => metafile.outputs[path] ?? []);
  for (let size = 0; size < atStart.size;) {
    size = atStart.size;
    for (const { path, kind, external } of atStartOutputs().flatMap(({ imports }) => imports)) {
      if (external !== true && kind === 'import-statement') atStart.add(path);
    }
  }
  const all = Object.values(metafile.outputs);
  const externals = (outputs: typeof all) =>
    outputs.flatMap(({ imports }) => imports).filter(({ external }) => external === true);
  const statically = new Set(
    externals(atStartOutputs())
      .filter(({ kind }) => kind === 'import-statement')
      .map(({ path }) => path),
  );
  return {
    statically: [...statically],
    /** Only when they are needed. */
    dynamically: [...new Set(externals(all).map(({ path }) => path))].filter((path) => !statically.has(path)),
  };
}

test('serve loads nothing but Node’s own modules, because each AI client pays for its start-up and memory', async () => {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: ['cli/src/serve/main.ts'],
    outdir: 'unused',
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    minify: true,
    logLevel: 'silent',
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  assert.deepEqual([...new Set(packages)], ['@noble/hashes'], 'docs/decisions/serve-start.md');
  const [output] = Object.values(metafile.outputs);
  const imported = output?.imports.map(({ path }) => path) ?? [];
  assert.deepEqual(
    imported.filter((name) => !name.startsWith('node:') || name === 'node:crypto'),
    [],
  );
  assert.ok((output?.bytes ?? Infinity) < 48_000, `serve is ${output?.bytes} bytes`);
});

test('the daemon loads no CLI framework, SDK or validation library, because it starts while an AI client waits', async () => {
  const { statically, dynamically } = await loadedBy('cli/src/daemon/main.ts');
  const heavy = ['commander', 'zod', 'conf', 'chalk', 'ora', 'open', '@github/keytar'];
  /** A login that the daemon itself begins opens a browser and writes the settings. */
  const forLogin = ['conf', 'open'];
  const loaded = [...statically, ...dynamically.filter((name) => !forLogin.includes(name))];
  assert.ok(!statically.includes('openid-client'), 'only a refresh loads it');
  assert.deepEqual(
    loaded.filter((name) => heavy.includes(name) || name.startsWith('@modelcontextprotocol/')),
    [],
  );
  assert.ok(loaded.includes('ws'), 'the daemon is the one that has the WebSocket');
});

test('a command beside the broker loads nothing of what only the broker itself or a broker far away needs', async () => {
  const table = readFileSync(`${REPOSITORY}broker/src/commands/program.ts`, 'utf8');
  const commands = [...table.matchAll(/import\('\.\/(.+)'\)/g)].map(([, path]) => `broker/src/commands/${path}`);
  assert.ok(commands.length > 20);
  const { statically } = await loadedBy('broker/src/main.ts');
  const { statically: withAll } = await loadedBy('broker/src/main.ts', commands);
  const packages = (names: readonly string[]) => names.filter((name) => !name.startsWith('node:')).toSorted();
  assert.deepEqual(packages(statically), ['commander'], 'what they all load');
  assert.deepEqual(
    packages(withAll),
    ['commander', 'damerau-levenshtein', 'string-width', 'yaml', 'zod'],
    'each administration command pays for its start-up',
  );
});

test('what is bundled is plain ASCII, because Node holds and reads a file in two bytes each for one other character', () => {
  const files = globSync(['broker/dist/*.js', 'cli/dist/*.{js,cjs}'], { cwd: REPOSITORY });
  assert.ok(files.length > 4, 'run `npm run build` first');
  const others = files.filter((file) => /[^\0-\x7F]/.test(readFileSync(`${REPOSITORY}${file}`, 'utf8')));
  assert.deepEqual(others, [], 'write \\u… in a regular expression, an entity such as &middot; in HTML');
});
