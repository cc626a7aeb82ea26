// `npm run interop`: every server of others and every official client in its tests, then real AI clients from the npm registry. What is not
// a dependency of the repository is installed into a temporary folder first. Exits 1 where anything failed.
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrerequisites } from '../prerequisites.ts';
import { REPOSITORY } from '../step.ts';
import { runTestFiles } from '../test-files.ts';
import { openWorld } from '../world.ts';
import { REAL_CLIENTS, type RealClient } from './clients/real-clients.ts';
import { STAGES, tryClient, type ClientOutcome } from './clients/try-client.ts';
import { folderOf, installPackage, TEST_PACKAGES, type Package } from './on-demand.ts';
import { INSTALLED, thirdParty } from './third-party.ts';

const NAMES = REAL_CLIENTS.map(({ name }) => name);
const USAGE = `npm run interop -- [options]
  --client NAME     ${NAMES.join(' | ')}: only this AI client; may be given more than once
  --servers         only the tests of servers and official clients
  --keep            leaves the installed programs where they are, and says where
  --from FOLDER     uses what an earlier run kept there`;

const { values } = parseArgs({
  options: {
    client: { type: 'string', multiple: true },
    servers: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    from: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const write = (text: string) => void process.stdout.write(text);

async function run(): Promise<number> {
  const unknown = values.client?.find((name) => !NAMES.includes(name));
  if (values.help || unknown !== undefined) {
    write(`${unknown === undefined ? '' : `There is no AI client ${unknown} here.\n`}${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  if (values.client === undefined && !(await ensurePrerequisites(write))) return 1;
  const clients = REAL_CLIENTS.filter(({ name }) => values.client?.includes(name) ?? !values.servers);
  const packages = [...(values.client === undefined ? TEST_PACKAGES : []), ...clients.map(packageOf)];
  const folder = values.from ?? mkdtempSync(join(tmpdir(), 'mg-interop-'));
  try {
    chmodSync(folder, 0o755); // the broker runs servers as another user
    if (values.from === undefined) await install(folder, packages);
    process.env[INSTALLED] = folder;
    const failed = values.client === undefined ? await runTests() : 0;
    const outcomes = clients.length === 0 ? [] : await tryClients(folder, clients);
    const broken = outcomes.filter(({ failure }) => failure !== undefined);
    for (const { client, failure } of broken) write(`\n✗ ${client.name}\n${failure?.replaceAll(/^/gm, '    ')}\n`);
    if (outcomes.length > 0) write(`\n${tableOf(outcomes)}\n`);
    return failed + broken.length === 0 ? 0 : 1;
  } finally {
    if (values.keep) write(`\nThe programs are in ${folder}\n`);
    else if (values.from === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const packageOf = ({ package: name, version, hasInstallScript }: RealClient): Package => ({
  name,
  version,
  hasInstallScript,
});

async function install(folder: string, packages: readonly Package[]): Promise<void> {
  for (const [index, each] of packages.entries()) {
    write(`installing ${index + 1}/${packages.length} ${each.name}@${each.version} … `);
    const startedAt = performance.now();
    await installPackage(folder, each);
    write(`${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
  }
}

async function runTests(): Promise<number> {
  const files = globSync('test/interop/**/*.{test,on-demand}.ts', { cwd: REPOSITORY }).sort();
  const { passed, failures } = await runTestFiles(files, write);
  for (const { file, name, message } of failures) write(`\n✗ ${file}: ${name}\n${message.replaceAll(/^/gm, '    ')}\n`);
  write(`\n${passed} passed, ${failures.length} failed\n\n`);
  return failures.length;
}

async function tryClients(folder: string, clients: readonly RealClient[]): Promise<ClientOutcome[]> {
  const world = await openWorld({ servers: { everything: thirdParty('@modelcontextprotocol/server-everything') } });
  try {
    const outcomes: ClientOutcome[] = [];
    for (const client of clients) {
      write(`trying ${client.name} … `);
      const outcome = await tryClient(world, client, join(folderOf(folder, client.package), 'node_modules/.bin'));
      write(outcome.failure === undefined ? 'done\n' : 'failed\n');
      outcomes.push(outcome);
    }
    return outcomes;
  } finally {
    await world.close();
  }
}

function tableOf(outcomes: readonly ClientOutcome[]): string {
  const rows = [
    ['client', 'version', ...STAGES, 'recorded as'],
    ...outcomes.map(({ client, passed, recordedAs }) => [
      client.name,
      client.version,
      ...STAGES.map((stage) => (passed.includes(stage) ? '✓' : '✗')),
      recordedAs,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

process.exitCode = await run();
