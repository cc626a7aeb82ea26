// Wrong input and a wrong world: one clear line with what to do, the contract's exit code, no stack trace, nothing lost.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { createWorld, openWorld, type World } from '../world.ts';
import type { Finished } from '../world/command.ts';
import { freePort } from '../world/network/free-port.ts';
import { startTlsServer } from '../world/network/tls-server.ts';

let world: World;
before(async () => (world = await openWorld()));
after(() => world.close());

/** One or two lines, no stack trace, no object dump; and the exit code. */
function assertClear({ code, stderr }: Finished, expected: number, says: RegExp) {
  assert.equal(code, expected, stderr);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /^\s+at .+:\d+:\d+/m, 'no stack trace');
  assert.ok(
    stderr
      .trim()
      .split('\n')
      .filter((line) => !/"level"|debug|info/i.test(line)).length <= 4,
    `too many lines:\n${stderr}`,
  );
}

test('wrong broker URLs: not a URL, another scheme, not a broker, nobody there', async (t) => {
  const laptop = world.laptop('ada', { MCPGATE_LOG: 'error' });
  const login = (url: string) => laptop.gate(['login', url, '--no-browser']);
  const page = createServer((_request, response) => response.end('<html>hello</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.after(() => page.close());

  assertClear(await login('not a url'), 2, /URL|url/);
  assertClear(await login('ftp://mcp.example.com'), 2, /https?/);
  const { code, stderr } = await login(`http://127.0.0.1:${(page.address() as AddressInfo).port}`);
  assert.ok(code === 4 || code === 1, `${code}: ${stderr}`);
  assert.match(stderr, /broker/i);
  assertClear(await login(`http://127.0.0.1:${await freePort()}`), 4, /refused|reach|running/i);
});

test('a TLS certificate that is not trusted: exit 4, and what to do', async (t) => {
  const server = await startTlsServer();
  t.after(server.close);
  const laptop = world.laptop('ben', { MCPGATE_LOG: 'error' });
  assertClear(await laptop.gate(['login', server.url, '--no-browser']), 4, /certificate|trust/i);
});

test('never logged in: every command that needs a login says so and exits 3', async () => {
  const laptop = world.laptop('cleo', { MCPGATE_LOG: 'error' });
  for (const args of [['tools'], ['call', 'x__y']]) assertClear(await laptop.gate(args), 3, /mcpgate login/);
  const status = await laptop.gate(['status']);
  assert.match(status.stdout + status.stderr, /mcpgate login/);
});

test('unknown commands, flags and missing arguments are usage errors on both sides', async () => {
  const laptop = world.laptop('dan', { MCPGATE_LOG: 'error' });
  for (const args of [['frobnicate'], ['login', '--frobnicate'], ['call']]) {
    const { code, stderr } = await laptop.gate(args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
  }
  for (const args of [['frobnicate'], ['user', 'add'], ['rule', 'add', '--who', '*', '--what', '*']]) {
    const { code, stderr } = await world.broker.cli(args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
  }
});

test('`call` with an argument that is not JSON, and a tool that nobody has', async () => {
  const ada = await world.member('eve', { env: { MCPGATE_LOG: 'error' } });
  assertClear(await ada.gate(['call', 'x__y', '{"text":']), 2, /JSON/);
  const unknown = await ada.gate(['call', 'nowhere__nothing']);
  assert.equal(unknown.code, 1, unknown.stderr);
});

test('a mistyped code and a used one are refused with a reason', async () => {
  await world.person('fay');
  const mistyped = await world.broker.cli(['login', 'approve', 'ZZZZ-ZZZZ', '--as', 'fay']);
  assertClear(mistyped, 1, /code/i);
  const laptop = world.laptop('fay-laptop');
  let used = '';
  await laptop.login(world.network.url, async (code) => {
    used = code;
    await world.broker.run(['login', 'approve', code.toLowerCase().replace('-', ''), '--as', 'fay']);
  });
  assert.notEqual((await world.broker.cli(['login', 'approve', used, '--as', 'fay'])).code, 0);
  const nobody = world.laptop('another-laptop').start(['login', world.network.url, '--json', '--no-browser']);
  const [, code = ''] = await nobody.line(/"user_code":\s*"([^"]+)"/);
  assertClear(await world.broker.cli(['login', 'approve', code, '--as', 'no-such-person']), 1, /no-such-person/);
  await nobody.stop('SIGINT');
  assert.equal(await nobody.exited, 130);
});

test('a code that nobody confirmed in time has expired, and the line says how to get another', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'broker.yaml'), 'tokens:\n  device_code_ttl: 3s\n');
  const world = await createWorld(t, { brokerArgs: ['--config', join(folder, 'broker.yaml')] });
  const laptop = world.laptop('ada', { MCPGATE_LOG: 'error' });
  const { code, stderr } = await laptop.gate(['login', world.url, '--no-browser']);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /expired.*mcpgate login/);
  assert.doesNotMatch(stderr, /^\s+at .+:\d+:\d+/m);
});

test('a second login replaces the first one and leaves one device', async () => {
  const gus = await world.member('gus');
  await world.login(gus);
  const devices = (await world.broker.json(['device', 'list', '--user', 'gus'])) as { revoked_at: string | null }[];
  assert.equal(devices.filter(({ revoked_at }) => revoked_at === null).length, 1);
  assert.equal((await gus.gate(['tools'])).code, 0);
});

test('an AI client’s file that is not valid is refused by name and not touched', async () => {
  const laptop = world.laptop('hal', { MCPGATE_LOG: 'error' });
  const file = join(laptop.home, '.cursor/mcp.json');
  mkdirSync(dirname(file), { recursive: true });
  const broken = '{ "mcpServers": { "x": \n';
  writeFileSync(file, broken);
  const { code, stdout, stderr } = await laptop.gate(['install-clients', 'cursor']);
  assert.equal(code, 1, stderr);
  assert.match(stdout + stderr, /mcp\.json.*nothing was changed/s);
  assert.equal(readFileSync(file, 'utf8'), broken);
});

test('the broker refuses an address for everyone without TLS, a port that is taken, and a wrong configuration with its line', async () => {
  const start = (...args: string[]) => world.broker.cli(['start', ...args]);
  assertClear(await start('--listen', '0.0.0.0:0'), 2, /--tls-cert|--behind-proxy/);
  const file = join(world.root, 'mcpgate.yaml');
  writeFileSync(file, 'listen: 127.0.0.1:7717\nlisten_adress: oops\n');
  assertClear(await start('--config', file), 2, /mcpgate\.yaml:2/);
});

test('administration without a running broker: exit 4, and how to start it', async () => {
  await world.broker.stop();
  assertClear(await world.broker.cli(['user', 'list']), 4, /mcpgate-broker start|running/);
  await world.broker.start();
});

test('a locked or missing keychain is said, and nothing is written in clear instead', async () => {
  await world.person('kim');
  const laptop = world.laptop('kim-laptop', {
    MCPGATE_TOKEN_STORE: 'keychain',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
  });
  const login = laptop.start(['login', world.network.url, '--json', '--no-browser']);
  const how = await Promise.race([login.exited, login.line(/"user_code":\s*"([^"]+)"/)]);
  if (Array.isArray(how)) await world.broker.run(['login', 'approve', how[1] ?? '', '--as', 'kim']);
  assert.equal(await login.exited, 1, login.output());
  assert.match(login.output(), /MCPGATE_TOKEN_STORE=file/);
});

test('a laptop whose clock is wrong logs in and calls all the same', async () => {
  const preload = join(world.root, 'clock.cjs');
  writeFileSync(preload, 'const real = Date.now; Date.now = () => real() - 3 * 86_400_000;');
  const ada = await world.member('lea', { env: { NODE_OPTIONS: `--require ${preload}` } });
  assert.equal((await ada.gate(['tools'])).code, 0);
});
