// `npm start`: a broker in `./mcpgate-data` with three real servers and one visible rule, ready to log in to. What it sets up, it sets
// up on the first start only; after that the data folder is the administrator's.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { serversApi } from 'mcpgate-shared/api/servers';
import { createAdminClient } from '../src/commands/admin-client.ts';
import { processContext } from '../src/commands/process-context.ts';
import { runBroker } from '../src/commands/run-broker.ts';
import { assertNotExposed, loadConfig } from '../src/config/load-config.ts';
import { reportFailure } from '../src/commands/report-failure.ts';
import { quickstartFolders, quickstartServers } from './servers.ts';

const RULE = {
  effect: 'allow' as const,
  who: ['*'],
  what: ['*'],
  note: 'quick start: everyone may use everything',
};

/** Registers servers and rule through the same API as the commands, and remembers that it did. */
async function seed(dataDir: string, actor: string): Promise<void> {
  const marker = join(dataDir, 'quickstart');
  if (existsSync(marker)) return;
  const api = createAdminClient({ kind: 'socket', dataDir, actor });
  try {
    const known = new Set((await api.call(serversApi.list, {})).map((server) => server.name));
    for (const server of quickstartServers()) {
      if (!known.has(server.name)) await api.call(serversApi.add, { body: server });
    }
    if ((await api.call(rulesApi.list, {})).length === 0) await api.call(rulesApi.add, { body: RULE });
    writeFileSync(marker, 'servers and rule of the quick start were added\n', { mode: 0o600 });
  } finally {
    await api.close();
  }
}

function nextSteps(url: string, isSetUp: boolean): string {
  const steps = [
    ...(isSetUp ? [] : ['open the set-up link above, and choose a name and a password']),
    `npx mcpgate login ${url}`,
    'npx mcpgate tools                  what you may use now',
    'npx mcpgate call everything__echo message=hello',
    'npx mcpgate install-clients        set up the AI clients on this computer',
    'npx mcpgate-broker audit tail      watch who calls what',
    'npx mcpgate-broker rule list       one rule lets everyone in: replace it before real use',
  ];
  return `\nnext, in another terminal, in this folder:\n${steps.map((step) => `  ${step}`).join('\n')}\n\nCtrl-C ends the broker; what it knows stays in its data folder\n`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, listen: { type: 'string' } } });
  const config = loadConfig(values, { env: context.env, cwd: context.cwd });
  assertNotExposed(config);
  const { stdio } = config;
  const readable = [...stdio.readable, ...quickstartFolders()];
  await runBroker({ ...config, stdio: { ...stdio, readable } }, context, {
    beforeReady: async () => await seed(config.dataDir, `host:${context.username}`),
    afterReady: (broker) => void context.stdout.write(nextSteps(broker.url, broker.setupUrl === undefined)),
  });
}

const context = processContext(process.env);
try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, context);
}
