// A broker that is restarted under AI clients that never stop calling: no call fails, none is carried out twice.
import assert from 'node:assert/strict';
import { cpSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from 'mcpgate-shared/version';
import { REPOSITORY } from '../step.ts';
import { startAiClient } from '../world/clients/ai-client.ts';
import { callOn } from '../world/people/call-on.ts';
import { searchCalls } from '../world/call-rows.ts';
import { holdCall, holdCallIn } from '../world/counting-world.ts';
import { processesOf } from '../world/process-table.ts';
import { shareWorld } from '../world/shared-world.ts';
import { until } from '../world/until.ts';

const share = shareWorld();

test('a single broker is restarted under two AI clients: every call is answered, and carried out once', async (t) => {
  const { upstream, world } = share(t);
  const ada = await world.member('ada');
  const loads = [callOn(await ada.aiClient(), 'a'), callOn(await ada.aiClient(), 'b')];
  for (let restart = 0; restart < 2; restart += 1) {
    await Promise.all(loads.map((load) => load.answered(20)));
    assert.equal(await world.broker.stop('SIGTERM'), 0);
    await world.broker.start();
  }
  await Promise.all(loads.map((load) => load.answered(20)));
  const counts = await Promise.all(loads.map((load) => load.stop()));
  const texts = upstream.calls.map((call) => String(call.arguments['text']));
  assert.equal(new Set(texts).size, texts.length, 'none was carried out twice');
  assert.equal(texts.length, (counts[0] ?? 0) + (counts[1] ?? 0));
});

test('SIGTERM under a call: readiness falls at once, the call finishes there, what comes meanwhile is held for the next broker', async (t) => {
  const { upstream, world, since, ada, client, held } = await holdCallIn(share(t));
  const stopped = world.broker.stop('SIGTERM');
  await until('readiness to fall', async () => (await fetch(`${world.broker.listenUrl}/readyz`)).status === 503);
  const log = join(ada.home, '.config/mcpgate/daemon.log');
  await until('the daemon to look for the next broker', () => readFileSync(log, 'utf8').includes('is restarting'));
  const during = client.call('counting__echo', { text: 'during' });
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(await stopped, 0);
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['hold'],
  );
  await world.broker.start();
  assert.equal((await during).text, 'during');
  assert.deepEqual(
    (await searchCalls(world.broker, since)).map(({ status, attempts }) => [status, attempts]),
    [
      ['ok', 1],
      ['ok', 1],
    ],
  );
});

test('a network that is cut while the broker drains loses no answer', async (t) => {
  const { upstream, world, held } = await holdCallIn(share(t));
  const stopped = world.broker.stop('SIGTERM');
  await until('readiness to fall', async () => (await fetch(`${world.broker.listenUrl}/readyz`)).status === 503);
  world.network.cut();
  upstream.release();
  world.network.restore();
  assert.equal((await held).text, 'released');
  assert.equal(await stopped, 0);
  assert.equal(upstream.calls.length, 1);
  await world.broker.start();
});

test('a broker that drains takes no new call, also not over a link that was let back in to finish one', async (t) => {
  const { upstream, world } = share(t);
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  const other = await ada.aiClient();
  assert.equal((await other.call('counting__echo', { text: 'before' })).text, 'before');
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const stopped = world.broker.stop('SIGTERM');
  const log = join(ada.home, '.config/mcpgate/daemon.log');
  await until('the daemon to look for the next broker', () => readFileSync(log, 'utf8').includes('is restarting'));
  world.network.cut();
  world.network.restore();
  const during = other.call('counting__echo', { text: 'during' });
  await until('the daemon to be let back in, and sent on', () =>
    /is restarting[^]*link open[^]*takes leave[^]*is restarting/.test(readFileSync(log, 'utf8')),
  );
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(await stopped, 0);
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['echo', 'hold'],
  );
  await world.broker.start();
  assert.equal((await during).text, 'during');
});

test('a call that was lost on its way to a broker that took leave is sent to the next one', async (t) => {
  const { upstream, world } = share(t);
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'before' })).text, 'before');
  await until('the answer to be acknowledged', async () =>
    /^mcpgate_tunnel_backlog_bytes 0$/m.test(await (await fetch(`${world.broker.listenUrl}/metrics`)).text()),
  );
  world.network.swallow();
  const lost = client.call('counting__echo', { text: 'lost' });
  assert.equal(await world.broker.stop('SIGTERM'), 0);
  world.network.cut();
  world.network.restore();
  await world.broker.start();
  assert.deepEqual([(await lost).isError, (await lost).text], [false, 'lost']);
  assert.deepEqual(
    upstream.calls.map(({ arguments: { text } }) => text),
    ['before', 'lost'],
  );
});

test('a daemon that is killed while the broker drains loses no answer, and the drain does not wait for its limit', async (t) => {
  const { upstream, world, ada, held } = await holdCallIn(share(t));
  const stopped = world.broker.stop('SIGTERM');
  const daemonLog = join(ada.home, '.config/mcpgate/daemon.log');
  await until('the daemon to look for another broker', () =>
    /takes leave[^]*link waiting/.test(readFileSync(daemonLog, 'utf8')),
  );
  const daemon = processesOf(ada.home).find(({ commandLine }) => commandLine.endsWith('daemon run'));
  assert.ok(daemon !== undefined);
  process.kill(daemon.pid, 'SIGKILL');
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(await stopped, 0);
  assert.equal(upstream.calls.length, 1);
  await world.broker.start();
});

test('a call that outlasts the drain is answered at its limit: its outcome is unknown', async (t) => {
  const config = join(tmpdir(), `mcpgate-drain-${process.pid}.yaml`);
  writeFileSync(config, 'drain:\n  timeout: 1s\n');
  const { world, client, held } = await holdCall(t, { brokerArgs: ['--config', config] });
  assert.equal(await world.broker.stop('SIGTERM'), 0);
  const { isError, text } = await held;
  assert.equal(isError, true);
  assert.match(text, /outcome is unknown/);
  await world.broker.start();
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
});

/** The same command as a later release: a copy of the installation that says another version. */
function newerInstallation(folder: string): string {
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(REPOSITORY, 'cli', part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  for (const file of globSync('dist/*', { cwd: folder }).map((name) => join(folder, name))) {
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(JSON.stringify(VERSION), '"99.0.0"'));
  }
  return join(folder, 'bin/mcpgate.cjs');
}

test('mcpgate is upgraded under running clients: the newer daemon takes over, no call is lost and none carried out twice', async (t) => {
  const { upstream, world, ada, held } = await holdCallIn(share(t));
  const load = callOn(await ada.aiClient(), 'during');
  await load.answered(10);
  const script = newerInstallation(join(world.root, 'newer'));
  const newer = await startAiClient({ command: [process.execPath, script, 'serve'], env: ada.env });
  t.after(() => newer.close());
  assert.equal((await newer.call('counting__echo', { text: 'new' })).text, 'new');
  await load.answered(10);
  const status = await ada.gate(['status', '--json']);
  assert.match(status.stdout, /99\.0\.0/, 'the newer daemon is the one');
  const count = await load.stop();
  upstream.release();
  assert.equal((await held).text, 'released');
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'hold').length, 1);
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'echo').length, count + 1);
});
