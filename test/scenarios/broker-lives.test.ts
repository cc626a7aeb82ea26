// What must not end a broker: a database that is not there yet, or that somebody holds, errors that nobody catches, a log that nobody reads.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { startFaultProxy } from '../chaos/fault-proxy.ts';
import { startPostgres } from '../postgres.ts';
import { BROKER, startBroker } from '../world/broker.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { freePort } from '../world/network/free-port.ts';
import { until } from '../world/until.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mg-lives-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const statusOf = async (url: string) => (await fetch(url)).status;

test('a broker that starts before its database waits: alive, not ready, its commands say for what; then it serves; a signal ends the wait', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = new URL(await postgres.createDatabase());
  const address = await startFaultProxy();
  t.after(() => address.close());
  const there = `http://${databaseUrl.host}`;
  address.target = `http://127.0.0.1:${await freePort()}`;
  databaseUrl.host = new URL(address.url).host;
  const args = ['--database-url', databaseUrl.href];
  const broker = await startBroker({ root: folderOf(t), args, until: /waiting for the database/ });
  t.after(() => broker.stop());
  assert.equal(await statusOf(`${broker.listenUrl}/healthz`), 200);
  const ready = await fetch(`${broker.listenUrl}/readyz`);
  assert.equal(ready.status, 503);
  const said = await ready.text();
  assert.match(said, /the broker waits for its database/);
  assert.ok(!said.includes(databaseUrl.port), 'strangers are not told where it is');
  const { code, stderr } = await broker.cli(['status']);
  assert.equal(code, 4);
  assert.match(stderr, /waits for its database: the database .* does not answer/);
  assert.ok(!(stderr + broker.output()).includes(databaseUrl.password));
  assert.equal(await broker.stop('SIGTERM'), 0, 'a signal ends the wait');

  const waiting = startBroker({ root: folderOf(t), args });
  address.target = there;
  const second = await waiting;
  t.after(() => second.stop());
  assert.equal(await statusOf(`${second.listenUrl}/readyz`), 200);
  assert.equal((await second.cli(['status'])).code, 0);
});

test('a wrong password ends the start with one line that says so', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const wrong = new URL(postgres.url);
  wrong.password = 'hunter2';
  const args = ['start', '--data', join(folderOf(t), 'data'), '--listen', '127.0.0.1:0', '--database-url', wrong.href];
  const child = spawn(process.execPath, [BROKER, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 2);
  assert.match(stderr, /refused: password authentication failed.*correct DATABASE_URL/);
  assert.ok(!stderr.includes('hunter2'));
});

/** On SIGUSR2: an exception, a rejection and an `error` event, each of which ends a process by itself. */
const FAULTS = `
import { EventEmitter } from 'node:events';
process.on('SIGUSR2', () => {
  setImmediate(() => { throw new Error('planted exception'); });
  setImmediate(() => void Promise.reject(new Error('planted rejection')));
  setImmediate(() => void new EventEmitter().emit('error', new Error('planted event')));
});
`;

test('an exception, a rejection and an error event that nobody catches are logged and counted, everything is read again, and calls go on', async (t) => {
  const faults = join(folderOf(t), 'faults.mjs');
  writeFileSync(faults, FAULTS);
  const { upstream, world } = await createCountingWorld(t, { brokerEnv: { NODE_OPTIONS: `--import=${faults}` } });
  const client = await (await world.member('ada')).aiClient();
  assert.equal((await client.call('counting__echo', { text: 'before' })).text, 'before');
  const { pid } = world.broker;
  process.kill(pid, 'SIGUSR2');
  await until(
    'all three in the log',
    () => world.broker.output().match(/an unexpected error; the broker goes on/g)?.length === 3,
  );
  for (const what of ['exception', 'rejection', 'event'])
    assert.match(world.broker.output(), new RegExp(`planted ${what}`));
  await until('everything to be read again', () => /everything was read again/.test(world.broker.output()));
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
  const metrics = await (await fetch(`${world.broker.listenUrl}/metrics`)).text();
  assert.match(metrics, /^mcpgate_unexpected_errors_total\{kind="exception"\} 2$/m);
  assert.match(metrics, /^mcpgate_unexpected_errors_total\{kind="rejection"\} 1$/m);
  assert.equal(world.broker.pid, pid);
  assert.equal(upstream.calls.length, 2);
});

test('a broker whose log and output nobody reads any more goes on', async (t) => {
  const port = await freePort();
  const args = ['start', '--data', join(folderOf(t), 'data'), '--listen', `127.0.0.1:${port}`, '--log-level', 'debug'];
  const child = spawn(process.execPath, [BROKER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const ready = once(child.stdout, 'data');
  child.stderr.resume();
  await ready;
  child.stdout.destroy();
  child.stderr.destroy();
  for (let request = 0; request < 5; request += 1) assert.equal(await statusOf(`http://127.0.0.1:${port}/readyz`), 200);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(metrics, /^mcpgate_unexpected_errors_total\{kind="output"\} [1-9]/m);
  assert.equal(child.exitCode, null);
});

test('an SQLite file that somebody else holds refuses calls, and nothing else; once it is let go of, calls go on and what was carried out is recorded', async (t) => {
  const { upstream, world } = await createCountingWorld(t);
  const client = await (await world.member('ada')).aiClient();
  const held = client.call('counting__hold');
  await upstream.arrived('hold');
  const holder = new DatabaseSync(join(world.broker.dataDir, 'mcpgate.db'));
  holder.exec('BEGIN IMMEDIATE');
  const refused = await client
    .call('counting__echo', { text: 'x' })
    .catch((error: unknown) => ({ isError: true, text: String(error) }));
  assert.match(refused.text, /audit log cannot be written, so nothing is forwarded/);
  upstream.release();
  assert.equal((await held).text, 'released', 'what was carried out is answered');
  assert.equal(await statusOf(`${world.broker.listenUrl}/healthz`), 200);
  holder.close();
  await until('calls to go on', async () => {
    const answer = await client.call('counting__echo', { text: 'after' });
    return answer.text === 'after';
  });
  const rows = await until('the outcome of what was carried out meanwhile', async () => {
    const found = (await world.broker.json(['audit', 'search'])) as { tool_name: string; status: string }[];
    return found.some(({ tool_name, status }) => tool_name === 'counting__hold' && status === 'ok') && found;
  });
  assert.ok(
    rows.every(({ status }) => status === 'ok'),
    'what was refused left nothing behind',
  );
  assert.equal(upstream.calls.filter(({ arguments: { text } }) => text === 'x').length, 0);
});
