// Bundles both packages. Sources run as they are under Node's type stripping; the bundles exist so that `mcpgate serve` loads one
// small file, and so that a published package holds its part of `shared`.
import { build } from 'esbuild';
import { existsSync, readFileSync, rmSync } from 'node:fs';

const manifest = (folder) => JSON.parse(readFileSync(new URL(`./${folder}/package.json`, import.meta.url), 'utf8'));

/** Bundles `entries` of one package; its npm dependencies stay external, `shared` is bundled in. */
async function bundle(folder, entries, format = { splitting: true, format: 'esm' }) {
  const { version, dependencies } = manifest(folder);
  const present = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));
  if (Object.keys(present).length !== Object.keys(entries).length)
    console.warn(`${folder}: not every entry exists yet`);
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: present,
    outdir: `${folder}/dist`,
    bundle: true,
    ...format,
    platform: 'node',
    target: folder === 'cli' ? 'node22.15' : 'node24',
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    define: { __VERSION__: JSON.stringify(version) },
    minifySyntax: true,
    minifyWhitespace: folder === 'cli',
    legalComments: 'none',
    logLevel: 'warning',
  });
}

process.chdir(import.meta.dirname);
for (const folder of ['cli', 'broker']) rmSync(`${folder}/dist`, { recursive: true, force: true });
await Promise.all([
  bundle('cli', {
    cli: 'cli/src/main.ts',
    daemon: 'cli/src/daemon/main.ts',
    'keychain-child': 'cli/src/credentials/keychain-child.ts',
  }),
  // One CommonJS file: it starts some milliseconds sooner than ES modules, and every AI client pays for it at every start.
  bundle('cli', { serve: 'cli/src/serve/main.ts' }, { format: 'cjs', outExtension: { '.js': '.cjs' } }),
  bundle('broker', { main: 'broker/src/main.ts' }),
]);
