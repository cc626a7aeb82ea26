// One world for every test and picture of the dashboard: a company with people, servers that work and one that does not, calls, denials.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { until } from '../world/until.ts';
import type { AiClient } from '../world/clients/ai-client.ts';
import { openWorld, type World } from '../world.ts';
import { startCompany, type Company } from './company.ts';

export interface LivelyWorld {
  readonly world: World;
  readonly sentry: CountingUpstream;
  readonly company: Company;
  /** An AI client on Ada's laptop. */
  readonly clientOfAda: AiClient;
  /** Of a person, for the sign-in page. */
  readonly password: string;
  /** The one-time link with which a person sets that password. */
  linkOf(name: string): Promise<string>;
  close(): Promise<void>;
}

const PEOPLE = [
  ['grace.hopper', 'admin', ['platform']],
  ['margaret.hamilton', 'operator', ['platform']],
  ['katherine.johnson', 'auditor', ['security']],
  ['ada.lovelace', 'member', ['engineering']],
  ['barbara.liskov', 'member', ['engineering', 'data']],
  ['radia.perlman', 'member', ['support']],
] as const;

const require = createRequire(import.meta.url);
const node = (file: string, env: Record<string, string> = {}) => ({
  command: process.execPath,
  args: [require.resolve(file)],
  ...(Object.keys(env).length > 0 && { env }),
});

export async function openLivelyWorld(): Promise<LivelyWorld> {
  const [sentry, company] = await Promise.all([startCountingUpstream(), startCompany()]);
  sentry.release();
  const world = await openWorld({
    direct: true,
    open: false,
    brokerArgs: company.brokerArgs,
    listen: company.listen,
    servers: {
      github: node('@modelcontextprotocol/server-github/dist/index.js', {
        GITHUB_PERSONAL_ACCESS_TOKEN: `ghp_${'Ab3xK9pQ7w'.repeat(4).slice(0, 36)}`,
      }),
      sentry: { url: sentry.url, headers: { Authorization: 'Bearer sntrys_5f0e7c2b9a4d4e6f8b1c3a5d7e9f0b2c' } },
      memory: node('@modelcontextprotocol/server-memory/dist/index.js'),
      // Nothing listens there.
      grafana: {
        url: 'http://127.0.0.1:9/mcp',
        headers: { Authorization: 'Bearer glsa_8fK2mQ9xR4tV7wZ1cB6nJ3pL5sD0gH' },
      },
    },
  });
  const { broker } = world;
  let clientOfAda: AiClient;
  try {
    for (const [name, role, groups] of PEOPLE) await world.person(name, { role, groups });
    await broker.run([
      'rule',
      'add',
      '--allow',
      '--who',
      'group:engineering',
      '--what',
      'github__*',
      '--what',
      'sentry__*',
      '--note',
      'engineering',
    ]);
    await broker.run(['rule', 'add', '--allow', '--who', 'group:platform', '--what', '*', '--note', 'platform']);
    await broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'sentry__fail', '--note', 'not in production']);
    await broker.run([
      'rule',
      'add',
      '--ask',
      '--who',
      'group:engineering',
      '--what',
      'memory__delete_*',
      '--approver',
      'group:platform',
    ]);
    await broker.run(['secret', 'rotate', await world.secretOf('sentry'), '--expires', '5d'], {
      stdin: 'Bearer sntrys_1c3a5d7e9f0b2c5f0e7c2b9a4d4e6f8b\n',
    });
    // Secrets that were set a while ago.
    const database = new DatabaseSync(join(broker.dataDir, 'mcpgate.db'), { timeout: 10_000 });
    for (const [server, days] of [
      ['github', 41],
      ['grafana', 12],
    ] as const)
      database
        .prepare('update secret_versions set created_at = created_at - ? where name = ?')
        .run(days * 86_400_000, await world.secretOf(server));
    database.close();
    for (const hook of company.hooks) await broker.run(['hook', 'add', ...hook]);
    const ada = world.laptop('adas-laptop');
    await ada.login(
      world.url,
      async (code) => void (await broker.run(['login', 'approve', code, '--as', 'ada.lovelace'])),
    );
    const client = await ada.aiClient({ name: 'claude-code' });
    clientOfAda = client;
    for (let turn = 0; turn < 6; turn += 1) await client.call('sentry__echo', { text: `issue ${turn}` });
    await client.call('sentry__fail');
    await client.call('sentry__progress');
    // It waits for a yes, until the world ends.
    void Promise.allSettled([client.call('memory__delete_entities', { entityNames: ['Lindbergh contract'] })]);
    // GitHub cannot be reached from here: a call that fails.
    await Promise.allSettled([client.call('github__search_repositories', { query: 'mcpgate' })]);
    const requests = () => broker.json(['request', 'list']) as Promise<unknown[]>;
    await until('a request that waits', async () => (await requests()).length > 0);
  } catch (error) {
    await world.close();
    await Promise.all([sentry.close(), company.close()]);
    throw error;
  }
  return {
    world,
    sentry,
    clientOfAda,
    company,
    password: 'correct horse battery staple 7',
    async linkOf(name) {
      const { url } = (await broker.json(['user', 'link', name])) as { url: string };
      return url;
    },
    async close() {
      await world.close();
      await Promise.all([sentry.close(), company.close()]);
    },
  };
}
