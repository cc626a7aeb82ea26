// `npm start`: a broker in `./mcpgate-data` with three real servers and one visible rule, ready to log in to. What it sets up, it sets
// up on the first start only; after that the data folder is the administrator's.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { serversApi } from 'mcpgate-shared/api/servers';
import { createAdminClient } from '../src/commands/session/admin-client.ts';
import { processContext } from '../src/commands/process-context.ts';
import { runBroker } from '../src/commands/run-broker.ts';
import { assertNotExposed, loadConfig } from '../src/config/load-config.ts';
import { reportFailure } from '../src/commands/report-failure.ts';
import { nextSteps } from './next-steps.ts';
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

/** Whether a rule lets everyone use everything, as the quick start's own does. */
async function letsEveryoneIn(dataDir: string, actor: string): Promise<boolean> {
  const api = createAdminClient({ kind: 'socket', dataDir, actor });
  try {
    const rules = await api.call(rulesApi.list, {});
    return rules.some(({ effect, who, what }) => effect === 'allow' && who.includes('*') && what.includes('*'));
  } finally {
    await api.close();
  }
}

/** The keychain of Linux is reached over the session's bus; a container or a plain shell has none. */
function lacksKeychain({ DBUS_SESSION_BUS_ADDRESS, DISPLAY, XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux' || DBUS_SESSION_BUS_ADDRESS || DISPLAY) return false;
  return !XDG_RUNTIME_DIR || !existsSync(join(XDG_RUNTIME_DIR, 'bus'));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, listen: { type: 'string' } } });
  const config = loadConfig(values, { env: context.env, cwd: context.cwd });
  assertNotExposed(config);
  const { data: dataDir, stdio } = config;
  const readable = [...stdio.readable, ...quickstartFolders()];
  await runBroker({ ...config, stdio: { ...stdio, readable } }, context, {
    beforeReady: async () => await seed(dataDir, `host:${context.username}`),
    async afterReady({ url, setupUrl }) {
      const isOpen = await letsEveryoneIn(dataDir, `host:${context.username}`);
      const situation = { url, dataDir, cwd: context.cwd, isSetUp: setupUrl === undefined, isOpen };
      context.stdout.write(nextSteps({ ...situation, lacksKeychain: lacksKeychain(context.env) }));
    },
  });
}

const context = processContext(process.env);
try {
  await main();
} catch (error) {
  process.exitCode = reportFailure(error, context);
}
