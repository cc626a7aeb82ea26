// `status`, `tools`, `call` and `daemon` from a terminal, against a real broker with a real upstream.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { REPOSITORY } from '../step.ts';
import { openWorld, type World } from '../world.ts';
import { BROKER_PROGRAM, GATE_PROGRAM } from '../world/programs.ts';
import { until } from '../world/until.ts';

const everything = {
  command: process.execPath,
  args: [`${REPOSITORY}node_modules/@modelcontextprotocol/server-everything/dist/index.js`, 'stdio'],
};

let world: World;
before(async () => (world = await openWorld({ servers: { everything } })));
after(() => world.close());

test('status, tools and call tell the same story as an AI client sees', async () => {
  const ada = await world.member('ada', { env: { MCPGATE_LOG: 'error' } });

  const status = await ada.gate(['status', '--json']);
  assert.equal(status.code, 0, status.stderr);
  const { user, broker, daemon, tunnel, servers, token } = JSON.parse(status.stdout) as Record<string, object>;
  assert.deepEqual([user, broker], ['ada', world.url]);
  assert.deepEqual(
    { ...daemon, pid: 0, started_at: '', version: '' },
    {
      running: true,
      version: '',
      pid: 0,
      started_at: '',
      clients: 0,
      channels: 0,
      bytes_to_broker: 0,
      bytes_to_clients: 0,
    },
  );
  assert.deepEqual(
    { ...tunnel, since: '', latency_ms: 0 },
    { state: 'open', since: '', latency_ms: 0, login: null, message: null },
  );
  assert.deepEqual(servers, [{ name: 'everything', state: 'ready', tools: 13, message: null, warnings: 0 }]);
  assert.deepEqual({ ...token, path: '' }, { kind: 'device', store: 'file', path: '' });

  const listed = (await ada.gateJson(['tools', 'everything__*'])) as { name: string }[];
  assert.equal(listed.length, 13);
  const plain = await ada.gate(['tools', 'get-sum']);
  assert.match(plain.stdout, /^everything__get-sum {2}\S.*\n$/);

  const sum = await ada.gate(['call', 'everything__get-sum', 'a=2', 'b=40']);
  assert.deepEqual([sum.code, sum.stderr], [0, '']);
  assert.match(sum.stdout, /42/);
  const json = await ada.gate(['call', 'everything__echo', '-', '--json'], { stdin: '{"message":\n"hello"}' });
  assert.deepEqual(JSON.parse(json.stdout), { content: [{ type: 'text', text: 'Echo: hello' }] });
  const wrong = await ada.gate(['call', 'everything__get-sum', 'a=two', 'b=1']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /a must be a number, not "two"/);
  const failing = await ada.gate(['call', 'everything__echo', '{}']);
  assert.equal(failing.code, 1);
  assert.match(failing.stdout, /message/);
});

test('a call of what cannot be called now is sent all the same: the broker says why, and records it', async () => {
  await world.importServers({ down: { url: 'http://127.0.0.1:9/mcp' } });
  await world.broker.run(
    ['server', 'add', 'mine', 'http://127.0.0.1:9/mcp', '--header', 'X-Key=${account:KEY}'].concat([
      '--credential',
      'personal',
      '--key',
      'KEY=Your key',
    ]),
  );
  await world.broker.run(['rule', 'add', '--deny', '--who', 'user:mary', '--what', 'everything__get-sum']);
  const mary = await world.member('mary', { env: { MCPGATE_LOG: 'error', DISPLAY: '' } });
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await mary.gate(['call', ...args]);
    assert.equal(code, 1, stdout + stderr);
    return stdout + stderr;
  };
  assert.match(await said('everything__get-sum', 'a=2', 'b=40'), /\[mcpgate denied\].*rule/);
  assert.match(await said('down__anything', 'a=2'), /\[mcpgate\].*down/);
  assert.match(await said('everything__ecoh', 'message=x'), /there is no tool.*did you mean everything__echo\?/);
  assert.match(await said('nosuch', 'a=2'), /there is no tool "nosuch".*`mcpgate tools`/);
  const waiting = mary.start(['call', 'mine__search', 'a=2']);
  const [link] = await waiting.line(/\S+\/accounts\/mine\S*/);
  assert.ok(link);
  await waiting.stop('SIGINT');
  const rows = (await world.broker.json(['audit', 'search', '--user', 'mary'])) as object[];
  const has = (tool_name: string, status: string) =>
    rows.some((row) => Reflect.get(row, 'tool_name') === tool_name && Reflect.get(row, 'status') === status);
  assert.ok(has('everything__get-sum', 'denied'), JSON.stringify(rows));
  assert.ok(has('down__anything', 'failed'), JSON.stringify(rows));
});

test('Ctrl-C ends a call with 130, and the broker’s log says that it was cancelled', async () => {
  const grace = await world.member('grace');
  const words = ['call', 'everything__trigger-long-running-operation', '{"duration":60,"steps":60}'];
  const calling = grace.start(words);
  const started = async () => {
    const rows = (await world.broker.json(['audit', 'search'])) as { tool_name: string | null }[];
    return rows.some(({ tool_name }) => tool_name?.includes('long-running') === true);
  };
  await until('the call is under way', started);
  assert.equal(await calling.stop('SIGINT'), 130);
  await until('the outcome is recorded', async () => {
    const rows = (await world.broker.json(['audit', 'search'])) as {
      tool_name: string | null;
      status: string | null;
    }[];
    return rows.some(({ tool_name, status }) => tool_name?.includes('long-running') === true && status === 'cancelled');
  });
});

test('a disabled person is told so by every command with exit 3, a broker that is away with exit 4', async () => {
  const linus = await world.member('linus', { env: { MCPGATE_LOG: 'error' } });
  assert.equal((await linus.gate(['tools'])).code, 0);
  await world.broker.stop();
  for (const args of [['tools'], ['status'], ['call', 'everything__echo', 'message=x']]) {
    const { code, stdout, stderr } = await linus.gate(args);
    assert.equal(code, 4, `${args.join(' ')}: ${stdout}${stderr}`);
    assert.match(stdout + stderr, new RegExp(`${world.url}.*(cut|reach|refused|broker)`));
  }
  await world.broker.start();
  assert.equal((await linus.gate(['tools'])).code, 0);
  await world.broker.run(['user', 'disable', 'linus']);
  for (const args of [['tools'], ['status'], ['call', 'everything__echo', 'message=x']]) {
    const { code, stdout, stderr } = await linus.gate(args);
    assert.equal(code, 3, `${args.join(' ')}: ${stdout}${stderr}`);
    assert.match(stdout + stderr, /mcpgate login/);
  }
});

test('an output that takes nothing, as a file on a full disk, is said in one line with exit 1', () => {
  for (const program of [GATE_PROGRAM, BROKER_PROGRAM]) {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [program, '--version'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    assert.equal(status, 1);
    assert.match(stderr, /^mcpgate(?:-broker)?: stdout takes no more \(ENOSPC: .*\n$/);
  }
});

test('the daemon is stopped, started anew and its log read by hand', async () => {
  const joan = await world.member('joan', { env: { MCPGATE_LOG: 'info' } });
  assert.equal((await joan.gate(['tools'])).code, 0);
  const restarted = await joan.gate(['daemon', 'restart']);
  assert.match(restarted.stderr, /runs: pid \d+/);
  assert.equal((await joan.gate(['tools'])).code, 0);
  const logs = await joan.gate(['daemon', 'logs']);
  assert.match(logs.stdout, /link open/);
  const following = joan.start(['daemon', 'logs', '-f']);
  await following.line(/link open/);
  assert.match((await joan.gate(['daemon', 'stop'])).stderr, /has ended/);
  assert.match((await joan.gate(['daemon', 'stop'])).stderr, /is not running/);
  assert.equal((await joan.gate(['tools'])).code, 0);
  const starts = () => following.output().match(/listens at/g)?.length === 3;
  await until('the log is followed into the third daemon', starts);
  assert.equal(await following.stop('SIGINT'), 130);
});
