// Builds the dashboard into broker/dist/dashboard, with each file also in the forms that browsers take it in. A build takes some seconds, so that one of
// the same sources is not made again.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ROOT = new URL('../..', import.meta.url).pathname;
const OUT = `${ROOT}broker/dist/dashboard`;
/** What the last build was made of. */
const STAMP = `${ROOT}node_modules/.cache/dashboard.sha256`;
/** Smaller files gain nothing. */
const COMPRESSED_FROM_BYTES = 1024;

const compressions = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/** Everything that the built files depend on. */
function hashOfSources() {
  const hash = createHash('sha256').update(process.version);
  const sources = [
    'broker/dashboard/{src,public}/**/*',
    'broker/dashboard/*.*',
    'shared/src/**/*.ts',
    'package-lock.json',
  ];
  for (const path of globSync(sources, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted()) {
    const name = path.slice(ROOT.length);
    if (!name.endsWith('.md') && !name.endsWith('.test.ts')) hash.update(`\n${name}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** `writeLicences(path, inputs)` puts the licences of the packages in `inputs` into a file. */
export async function buildDashboard(writeLicences) {
  const hash = hashOfSources();
  if (existsSync(`${OUT}/index.html`) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return;
  // Loaded only now: it costs half a second.
  const { build } = await import('vite');
  const { output } = await build({
    root: `${ROOT}broker/dashboard`,
    configFile: `${ROOT}broker/dashboard/vite.config.ts`,
    logLevel: 'warn',
  });
  const current = new Set(output.map(({ fileName }) => fileName));
  await Promise.all(
    [...current].flatMap((name) => {
      const bytes = readFileSync(`${OUT}/${name}`);
      if (name === 'index.html' || bytes.length < COMPRESSED_FROM_BYTES) return [];
      return Object.entries(compressions).map(async ([ending, compress]) => {
        writeFileSync(`${OUT}/${name}.${ending}`, await compress(bytes));
        current.add(`${name}.${ending}`);
      });
    }),
  );
  writeLicences(
    `${OUT}/LICENCES.txt`,
    output.flatMap(({ moduleIds = [] }) => moduleIds),
  );
  // What an earlier build left goes last: whatever runs meanwhile finds every file at every moment.
  for (const name of readdirSync(`${OUT}/assets`)) if (!current.has(`assets/${name}`)) rmSync(`${OUT}/assets/${name}`);
  mkdirSync(`${ROOT}node_modules/.cache`, { recursive: true });
  writeFileSync(STAMP, hash);
}
