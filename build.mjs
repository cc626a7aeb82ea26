// Bundles both packages. Sources run as they are under Node's type stripping; the bundles exist so that `mcpgate serve` loads one
// small file, and so that a published package holds its part of `shared`.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync } from 'node:fs';

const manifest = (folder) => JSON.parse(readFileSync(new URL(`./${folder}/package.json`, import.meta.url), 'utf8'));

/**
 * An ES import of these runs every getter that they export, one of which loads a whole HTTP client: 40 ms of each start. Asked of the
 * process they cost what is used.
 */
const builtinsOnDemand = {
  name: 'builtins-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(http|https|tls|crypto)$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/** Bundles `entries` of one package; its npm dependencies stay external, `shared` is bundled in. Returns the files written. */
async function bundle(folder, entries, format = { splitting: true, format: 'esm' }) {
  const { dependencies } = manifest(folder);
  const { metafile } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: entries,
    outdir: `${folder}/dist`,
    bundle: true,
    ...format,
    plugins: format.format === 'cjs' ? [] : [builtinsOnDemand],
    platform: 'node',
    target: folder === 'cli' ? 'node22.15' : 'node24',
    external: format.format === 'cjs' ? [] : Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    minifySyntax: true,
    minifyWhitespace: folder === 'cli',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  return Object.keys(metafile.outputs);
}

process.chdir(import.meta.dirname);
const written = await Promise.all([
  bundle('cli', {
    cli: 'cli/src/main.ts',
    daemon: 'cli/src/daemon/main.ts',
    'keychain-child': 'cli/src/credentials/keychain-child.ts',
  }),
  // One CommonJS file: it starts some milliseconds sooner than ES modules, and every AI client pays for it at every start.
  bundle(
    'cli',
    { serve: 'cli/src/serve/main.ts' },
    { format: 'cjs', minifyIdentifiers: true, outExtension: { '.js': '.cjs' } },
  ),
  bundle('broker', { main: 'broker/src/main.ts' }),
]);

// What an earlier build left goes last: whatever runs meanwhile finds every file at every moment.
const current = new Set(written.flat());
for (const folder of ['cli/dist', 'broker/dist']) {
  for (const name of readdirSync(folder)) if (!current.has(`${folder}/${name}`)) rmSync(`${folder}/${name}`);
}
