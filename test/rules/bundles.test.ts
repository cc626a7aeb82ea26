// What the bundles of the laptop load, asserted on esbuild's own account of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';
import { REPOSITORY } from '../step.ts';

/** External imports of the bundle of `entry`, static and dynamic apart, and its size in bytes. */
async function loadedBy(entry: string) {
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [entry],
    outdir: 'unused',
    bundle: true,
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
  const outputs = Object.values(metafile.outputs);
  const imports = outputs.flatMap((output) => output.imports).filter(({ external }) => external);
  const names = (dynamic: boolean) => [
    ...new Set(imports.filter(({ kind }) => (kind === 'dynamic-import') === dynamic).map(({ path }) => path)),
  ];
  return {
    statically: names(false),
    dynamically: names(true),
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

test('serve loads nothing but Node’s own modules, because each AI client pays for its start-up and memory', async () => {
  const { statically, dynamically, bytes } = await loadedBy('cli/src/serve/main.ts');
  assert.deepEqual(
    [...statically, ...dynamically].filter((name) => !name.startsWith('node:')),
    [],
  );
  assert.ok(bytes < 64_000, `serve is ${bytes} bytes`);
});

test('the daemon loads no CLI framework, SDK or validation library, because it starts while an AI client waits', async () => {
  const { statically, dynamically } = await loadedBy('cli/src/daemon/main.ts');
  const heavy = ['commander', 'zod', 'conf', 'chalk', 'ora', 'open', '@github/keytar'];
  const loaded = [...statically, ...dynamically];
  assert.deepEqual(
    loaded.filter((name) => heavy.includes(name) || name.startsWith('@modelcontextprotocol/')),
    [],
  );
  assert.ok(loaded.includes('ws'), 'the daemon is the one that has the WebSocket');
});
