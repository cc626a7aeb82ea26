// Servers' processes over their whole life, seen from outside: the process table, `status`, `server list` and /metrics.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Server } from 'mcpgate-shared/api/servers';
import type { Status } from 'mcpgate-shared/api/status';
import { REPOSITORY } from '../step.ts';
import { createWorld, type World } from '../world.ts';
import { processesOf } from '../world/process-table.ts';
import { until } from '../world/until.ts';

async function worldWith(
  t: TestContext,
  modes: readonly string[],
  args: readonly string[] = [],
  brokerArgs: readonly string[] = [],
): Promise<World> {
  const world = await createWorld(t, { brokerArgs });
  const script = join(world.root, 'unruly-server.cjs');
  copyFileSync(join(REPOSITORY, 'test/upstreams/unruly-server.cjs'), script);
  chmodSync(script, 0o644);
  const entries = modes.map((mode) => [mode, { command: process.execPath, args: [script, mode] }]);
  await world.importServers(Object.fromEntries(entries), { args });
  return world;
}

const serverProcesses = (world: World): number[] =>
  processesOf(world.root)
    .filter(({ commandLine }) => commandLine.includes('unruly-server.cjs'))
    .map(({ pid }) => pid);
/** One that has left everything that leads to its server, but has this word in its command line. */
const isThere = (word: string): boolean => processesOf(word).some(({ commandLine }) => commandLine.includes(word));
const statusOf = async (world: World, name: string) =>
  ((await world.broker.json(['status'])) as Status).servers.find((server) => server.name === name);

test('per-session: each AI client has its own process, which ends with it, its home too; status counts them', async (t) => {
  const world = await worldWith(t, ['steady']);
  const set = (await world.broker.json(['server', 'set', 'steady', '--isolation', 'per-session'])) as Server;
  assert.equal(set.isolation, 'per-session');
  const ada = await world.member('ada');
  const clients = [await ada.aiClient(), await ada.aiClient()];
  const instances = await Promise.all(clients.map(async (client) => (await client.call('steady__instance')).text));
  assert.notEqual(instances[0], instances[1], 'two AI clients of one person, two processes');
  await until('the shared process of before has ended', () => serverProcesses(world).length === 2);
  const status = await statusOf(world, 'steady');
  assert.deepEqual([status?.isolation, status?.processes, status?.state], ['per-session', 2, 'ready']);
  const metrics = await (await fetch(`${world.broker.listenUrl}/metrics`)).text();
  assert.match(metrics, /^mcpgate_upstream_processes\{workspace="default",server="steady"\} 2$/m);

  await clients[0]?.close();
  await until('its process has ended', () => serverProcesses(world).length === 1);
  assert.equal((await clients[1]?.call('steady__instance'))?.text, instances[1]);
  const folder = join(world.broker.dataDir, 'upstreams', 'steady');
  const ownHomes = () => readdirSync(folder).filter((homeName) => homeName.startsWith('session-'));
  await until('its home is gone', () => ownHomes().length === 1);
  await world.broker.stop();
  assert.deepEqual(serverProcesses(world), [], 'a broker that has drained leaves no process');
  assert.deepEqual(ownHomes(), []);
});

for (const sandbox of ['auto', 'off'] as const) {
  test(`the processes of a broker that was killed are ended ${sandbox === 'auto' ? 'with it, in a sandbox' : 'by the next one, without a sandbox'}`, async (t) => {
    const config = join(tmpdir(), `mcpgate-killed-${process.pid}.yaml`);
    writeFileSync(config, `stdio: { sandbox: ${sandbox} }\n`);
    t.after(() => rmSync(config));
    const world = await worldWith(t, ['steady'], [], ['--config', config]);
    const client = await (await world.member('ada')).aiClient();
    const left = (await client.call('steady__leave')).text;
    const [pid] = serverProcesses(world);
    assert.ok(pid !== undefined && isThere(left));
    process.kill(pid, 'SIGSTOP');
    await world.broker.stop('SIGKILL');
    if (sandbox === 'auto') {
      await until('they have ended', () => !serverProcesses(world).includes(pid) && !isThere(left));
      return;
    }
    assert.ok(serverProcesses(world).includes(pid), 'it hangs, and does not see that its stdin has ended');
    assert.ok(isThere(left));
    await world.broker.start();
    await until('the next broker has ended them', () => !serverProcesses(world).includes(pid) && !isThere(left));
    await until('one process is there', () => serverProcesses(world).length === 1);
  });
}

test('a server that does not start is shown as such, is not tried at each call, and holds nobody up', async (t) => {
  const world = await worldWith(t, ['no-start', 'steady']);
  const client = await (await world.member('ada')).aiClient();
  assert.ok((await client.toolNames()).every((name) => name.startsWith('steady__')));
  const open = await until('it is not tried for a while', async () => {
    const found = await statusOf(world, 'no-start');
    return found?.circuit === 'open' ? found : undefined;
  });
  assert.equal(open.state, 'failed');
  assert.ok(open.retry_at !== null && open.processes === 0);
  const words = await until('the list says when', async () => {
    const shown = await world.broker.run(['server', 'list']);
    return /no-start +failed, tried again in \d+ s/.test(shown) ? shown : undefined;
  });
  assert.match(words, /steady +ready/);
  await until('metrics say so', async () => {
    const metrics = await (await fetch(`${world.broker.listenUrl}/metrics`)).text();
    return /^mcpgate_upstream_circuit_open\{workspace="default",server="no-start"\} 1$/m.test(metrics);
  });
  const tested = await world.broker.cli(['server', 'test', 'no-start', '--json']);
  assert.equal(tested.code, 1);
  const steps = JSON.parse(tested.stdout) as { step: string; ok: boolean; next: string | null }[];
  assert.deepEqual(
    steps.map(({ step, ok }) => [step, ok]),
    [
      ['secrets', true],
      ['start', true],
      ['handshake', false],
    ],
  );
  assert.match(steps.at(-1)?.next ?? '', /server show no-start/);
  assert.equal((await client.call('steady__say', { text: 'lives' })).text, 'lives');
});
