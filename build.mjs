// Bundles both packages, and builds the dashboard into the broker's. Sources run as they are under Node's type stripping; the bundles exist so that `mcpgate serve` loads one
// small file, so that a published package holds its part of `shared`, and so that commands and broker start in half the time: finding
// hundreds of small files in `node_modules` costs more than running them (docs/decisions/bundles.md).
import { build, transform } from 'esbuild';
import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { buildDashboard } from './broker/dashboard/build.mjs';

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

/** Zod's messages in fifty languages, of which ours are in English. */
const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/**
 * The OAuth server stores each token under the name of its class, which must not become another one where two files of the bundle have the
 * same. Only there: what keeps a name costs something each time that a function is made.
 */
const namesOfClasses = {
  name: 'names-of-classes',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/oidc-provider\/.*\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const { code } = await transform(source, { keepNames: true, loader: 'js', format: 'esm', target: 'node24' });
      return { contents: code, loader: 'js' };
    });
  },
};

/** An expression of cel-js has the one letter that esbuild does not write as ASCII. */
const asciiExpressions = {
  name: 'ascii-expressions',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/@marcbachmann\/cel-js\/lib\/functions\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('\u00B5', '\\u00B5'),
      loader: 'js',
    }));
  },
};

/** What most commands do without and load on demand, or brings files of its own: it stays a package beside the bundles. */
const BESIDE = {
  cli: ['@github/keytar', 'conf', 'open', 'openid-client', 'ora', 'undici', 'uqr'],
  broker: ['ora', 'pg-native'],
};

/** CommonJS packages within an ES module ask for Node's own modules by this. */
const REQUIRE =
  "import { createRequire as createRequireOf } from 'node:module'; const require = createRequireOf(import.meta.url);";

/** The licences of the npm packages in a bundle, which their texts want beside every copy. */
function writeLicences(file, inputs) {
  const packages = new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const texts = [...packages]
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
      const [file] = globSync(`${path}/{LICEN[CS]E,licen[cs]e,COPYING}*`).toSorted();
      return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(file, 'utf8').trim()}\n`;
    });
  writeFileSync(file, texts.join(`\n${'-'.repeat(80)}\n\n`));
  return file;
}

/** Bundles `entries` of one package with `shared` and the npm packages that they start with. Returns the files written and read. */
async function bundle(folder, entries, format = { splitting: true, format: 'esm', banner: { js: REQUIRE } }) {
  const { metafile } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: entries,
    outdir: `${folder}/dist`,
    bundle: true,
    ...format,
    plugins: format.format === 'cjs' ? [] : [builtinsOnDemand, englishOnly, namesOfClasses, asciiExpressions],
    platform: 'node',
    // A package's ES modules where it has both: jsonc-parser's other form cannot be bundled.
    mainFields: ['module', 'main'],
    target: folder === 'cli' ? 'node22.15' : 'node24',
    external: BESIDE[folder].flatMap((name) => [name, `${name}/*`]),
    minifySyntax: true,
    // Without comments it is plain ASCII, which Node reads in half the time. Lines are kept short for the places that errors name.
    minifyWhitespace: true,
    ...(folder === 'broker' && { lineLimit: 160 }),
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  return { outputs: Object.keys(metafile.outputs), inputs: Object.keys(metafile.inputs) };
}

process.chdir(import.meta.dirname);
const [cli, serve, broker] = await Promise.all([
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
  bundle('broker', {
    main: 'broker/src/main.ts',
    'audit-export-worker': 'broker/src/audit/export/export-worker.ts',
    'audit-archive-worker': 'broker/src/audit/archive/archive-worker.ts',
    'audit-search-worker': 'broker/src/audit/search/search-worker.ts',
    'audit-verify-worker': 'broker/src/audit/proof/verify-worker.ts',
    'audit-verify-beside': 'broker/src/audit/proof/verify-beside.ts',
    'export-thread': 'broker/src/store/backup/export-thread.ts',
  }),
  buildDashboard(writeLicences),
]);

const current = new Set([
  ...[cli, serve, broker].flatMap(({ outputs }) => outputs),
  writeLicences('cli/dist/LICENCES.txt', [...cli.inputs, ...serve.inputs]),
  writeLicences('broker/dist/LICENCES.txt', broker.inputs),
  'broker/dist/dashboard',
]);
// What an earlier build left goes last: whatever runs meanwhile finds every file at every moment.
for (const folder of ['cli/dist', 'broker/dist']) {
  for (const name of readdirSync(folder)) if (!current.has(`${folder}/${name}`)) rmSync(`${folder}/${name}`);
}
