// `login` and `logout` as real processes against a real HTTP server, with the file store; the keychain has tests of its own.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePort } from '../../../test/world/network/free-port.ts';
import { startTlsServer } from '../../../test/world/network/tls-server.ts';
import { runCommand, startCommand } from '../../../test/world/command.ts';
import { GATE_PROGRAM } from '../../../test/world/programs.ts';
import { GRANT, startFakeBroker, type FakeBroker } from '../auth/fixtures/fake-broker.ts';

interface Laptop {
  broker: FakeBroker;
  configDir: string;
  env: Record<string, string>;
  run(args: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<Ran>;
  settings(): Record<string, unknown>;
  tokenFile(): string;
}

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function createLaptop(t: TestContext): Promise<Laptop> {
  const broker = await startFakeBroker();
  const configDir = mkdtempSync(join(tmpdir(), 'mg-login-'));
  t.after(async () => {
    await broker.close();
    rmSync(configDir, { recursive: true });
  });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: configDir,
    MCPGATE_CONFIG_DIR: configDir,
    MCPGATE_TOKEN_STORE: 'file',
  };
  return {
    broker,
    configDir,
    env,
    run: (args, { stdin, env: more } = {}) =>
      runCommand([process.execPath, GATE_PROGRAM, ...args], {
        env: { ...env, ...more },
        ...(stdin === undefined ? {} : { stdin }),
      }),
    settings: () => JSON.parse(readFileSync(join(configDir, 'config.json'), 'utf8')) as Record<string, unknown>,
    tokenFile: () => readFileSync(join(configDir, 'token'), 'utf8'),
  };
}

function assertClear({ code, stderr, stdout }: Ran, expected: number, says: RegExp) {
  assert.equal(code, expected, stderr);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /^\s+at .+:\d+/m, 'no stack trace');
  assert.equal(stdout, '', 'stdout is for data');
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

test('a login prints two JSON events on stdout, the URL and code on stderr, and stores the refresh token', async (t) => {
  const laptop = await createLaptop(t);
  const { broker } = laptop;
  broker.decision = 'approved';
  const { code, stdout, stderr } = await laptop.run(['login', broker.url, '--json']);
  assert.equal(code, 0, stderr);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(events, [
    {
      event: 'code',
      user_code: 'A-B',
      verification_uri: `${broker.url}/device`,
      verification_uri_complete: `${broker.url}/device?user_code=A-B`,
      expires_in: 60,
    },
    { event: 'login', user: 'ada', broker: broker.url },
  ]);
  assert.match(stderr, /A-B/);
  assert.ok(stderr.includes(`${broker.url}/device?user_code=A-B`));
  assert.match(stderr, /plain file.*MCPGATE_TOKEN_STORE=file/);
  assert.match(stderr, /mcpgate install-clients/);
  const started = broker.requests.find(({ path }) => path === '/oauth/device_authorization')?.form;
  assert.equal(started?.get('client_id'), 'mcpgate-cli');
  assert.equal(started.get('scope'), 'openid offline_access');
  assert.equal(started.get('resource'), `${broker.url}/v1/tunnel`);
  assert.equal(started.get('device_name'), hostname());
  assert.match(laptop.tokenFile(), /refresh-1/);
  for (const name of ['token', 'config.json']) {
    assert.equal(statSync(join(laptop.configDir, name)).mode & 0o777, 0o600, name);
  }
  const { user, credential, tokenStore, deviceId } = laptop.settings();
  assert.deepEqual([user, credential, tokenStore, deviceId], ['ada', 'device', 'file', 'd1']);
});

test('without --json nothing is on stdout, and proxy variables are kept for the daemon', async (t) => {
  const laptop = await createLaptop(t);
  laptop.broker.decision = 'approved';
  const env = { HTTPS_PROXY: 'http://proxy.example:3128', CI: '1' };
  const { code, stdout } = await laptop.run(['login', laptop.broker.url], { env });
  assert.deepEqual([code, stdout], [0, '']);
  assert.deepEqual(laptop.settings()['environment'], { HTTPS_PROXY: 'http://proxy.example:3128' });
});

test('the wait survives a broker that stumbles, and ends when the person approves', async (t) => {
  const laptop = await createLaptop(t);
  const { broker } = laptop;
  const stumbles = [{ kind: 'status', status: 502 }, { kind: 'cut' }, { kind: 'html' }] as const;
  broker.next('/oauth/token', ...stumbles);
  const login = laptop.run(['login', broker.url, '--no-browser']);
  for (let polls = 0; polls < 4; polls++) await broker.requested('/oauth/token');
  broker.decision = 'approved';
  assert.equal((await login).code, 0);
});

test('a denied login and an expired code exit 3, each with what to do', async (t) => {
  const laptop = await createLaptop(t);
  for (const [decision, expected, says] of [
    ['denied', 3, /denied.*mcpgate login/],
    ['expired', 3, /expired.*mcpgate login/],
  ] as const) {
    laptop.broker.decision = decision;
    const { code, stderr } = await laptop.run(['login', laptop.broker.url]);
    assert.equal(code, expected, stderr);
    assert.match(lastLine(stderr), says);
  }
  assert.ok(!existsSync(join(laptop.configDir, 'token')));
});

test('Ctrl-C while waiting exits 130 and stores nothing', async (t) => {
  const laptop = await createLaptop(t);
  const login = startCommand([process.execPath, GATE_PROGRAM, 'login', laptop.broker.url], { env: laptop.env });
  await laptop.broker.requested('/oauth/token');
  assert.equal(await login.stop('SIGINT'), 130);
  assert.ok(!existsSync(join(laptop.configDir, 'token')));
});

test('wrong URLs and wrong places are told in one line each', async (t) => {
  const laptop = await createLaptop(t);
  const { broker } = laptop;
  const login = (url: string) => laptop.run(['login', url]);
  assertClear(await login('not a url'), 2, /not a broker URL/);
  assertClear(await login('ftp://mcp.example.com'), 2, /not a broker URL/);
  assertClear(await login('http://mcp.example.com'), 2, /not encrypted.*https/);
  assertClear(await login('https://ada:secret@mcp.example.com'), 2, /leave them out/);
  assertClear(await login(`http://127.0.0.1:${await freePort()}`), 4, /cannot reach.*is the broker running/);
  assertClear(await login('https://no-such-host.invalid'), 4, /cannot reach.*(name|looked up)/);
  broker.next('/.well-known/openid-configuration', { kind: 'html' });
  assertClear(await login(broker.url), 4, /in place of the broker .* captive portal .*check the URL/);
  broker.next('/.well-known/openid-configuration', { kind: 'status', status: 404 });
  assertClear(await login(broker.url), 1, /not an mcpgate broker \(HTTP 404\)/);
  broker.next('/.well-known/openid-configuration', { kind: 'status', status: 503 });
  assertClear(await login(broker.url), 4, /cannot answer now \(HTTP 503\)/);
  assertClear(await laptop.run(['login']), 2, /which broker/);
  assertClear(
    await laptop.run(['login', broker.url], { env: { MCPGATE_TOKEN_STORE: 'paper' } }),
    2,
    /keychain or file/,
  );
});

test('a certificate that is not trusted names its issuer and how to add it', async (t) => {
  const laptop = await createLaptop(t);
  const server = await startTlsServer();
  t.after(server.close);
  assertClear(
    await laptop.run(['login', server.url]),
    4,
    /issued by Corp Test, Corp Test Authority.*NODE_EXTRA_CA_CERTS/,
  );
});

test('a clock that is 20 minutes wrong is warned of, and the login works', async (t) => {
  const laptop = await createLaptop(t);
  laptop.broker.clockAheadS = 20 * 60;
  laptop.broker.decision = 'approved';
  const { code, stderr } = await laptop.run(['login', laptop.broker.url]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /20 minutes behind/);
});

test('a second login says who was logged in, replaces and revokes it, and stays the same device', async (t) => {
  const laptop = await createLaptop(t);
  const { broker } = laptop;
  broker.decision = 'approved';
  await laptop.run(['login', broker.url]);
  const { code, stderr } = await laptop.run(['login']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Logged in as ada at .*; that login stays until the new one is there/);
  assert.deepEqual(broker.revoked, ['refresh-1']);
  assert.match(laptop.tokenFile(), /refresh-2/);
  const ids = broker.requests
    .filter(({ path }) => path === '/oauth/device_authorization')
    .map(({ form }) => form.get('device_id'));
  assert.deepEqual(ids, [null, 'd1']);
});

test('a second login that is denied leaves the first one as it was', async (t) => {
  const laptop = await createLaptop(t);
  laptop.broker.decision = 'approved';
  await laptop.run(['login', laptop.broker.url]);
  laptop.broker.decision = 'denied';
  assert.equal((await laptop.run(['login'])).code, 3);
  assert.deepEqual(laptop.broker.revoked, []);
  assert.match(laptop.tokenFile(), /refresh-1/);
});

test('a login to another broker revokes the login at the first and forgets its token', async (t) => {
  const laptop = await createLaptop(t);
  const other = await startFakeBroker();
  t.after(other.close);
  laptop.broker.decision = other.decision = 'approved';
  await laptop.run(['login', laptop.broker.url]);
  assert.equal((await laptop.run(['login', other.url])).code, 0);
  assert.deepEqual(laptop.broker.revoked, ['refresh-1']);
  assert.ok(!laptop.tokenFile().includes(laptop.broker.url));
  const started = other.requests.find(({ path }) => path === '/oauth/device_authorization');
  assert.equal(started?.form.get('device_id'), null, 'a device id is of one broker');
});

test('--with-token takes a grant from stdin only where the broker knows it', async (t) => {
  const laptop = await createLaptop(t);
  const { url } = laptop.broker;
  const { code, stdout, stderr } = await laptop.run(['login', url, '--with-token', '--json'], { stdin: `${GRANT}\n` });
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { event: 'login', user: 'ada', broker: url });
  assert.equal(laptop.settings()['credential'], 'grant');
  const wrong = await laptop.run(['login', url, '--with-token'], { stdin: 'mcg_of-nobody' });
  assert.equal(wrong.code, 3);
  assert.match(lastLine(wrong.stderr), /refused this grant/);
  assert.ok(!wrong.stderr.includes('mcg_of-nobody'));
  for (const [stdin, says] of Object.entries({
    '': /stdin is empty.*echo "\$GRANT" \| mcpgate login URL --with-token.*`mcpgate-broker grant issue`/,
    '\n': /stdin is empty/,
    'label: robot\ntoken: mcg_x': /more than one word: give the grant alone, the word that begins with mcg_/,
    'Bearer mcg_x': /more than one word/,
    mca_administration: /an administration token.*MCPGATE_ADMIN_TOKEN/,
    ghp_ofanotherservice: /this is no grant: one begins with mcg_/,
    '"mcg_inquotes"': /this is no grant: .*without quotes/,
  })) {
    const said = await laptop.run(['login', url, '--with-token'], { stdin });
    assert.equal(said.code, 2, said.stderr);
    assert.match(lastLine(said.stderr), says);
    assert.doesNotMatch(said.stderr, /mcg_x|mca_administration|ghp_of|inquotes/);
  }
  assert.match(laptop.tokenFile(), new RegExp(GRANT));
});

test('logout revokes and forgets; a second one says that nobody is logged in', async (t) => {
  const laptop = await createLaptop(t);
  laptop.broker.decision = 'approved';
  await laptop.run(['login', laptop.broker.url]);
  const { code, stderr } = await laptop.run(['logout']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(laptop.broker.revoked, ['refresh-1']);
  assert.ok(!existsSync(join(laptop.configDir, 'token')));
  assert.equal(laptop.settings()['credential'], undefined);
  assert.equal(laptop.settings()['broker'], laptop.broker.url, 'the next login needs no URL');
  assertClear(await laptop.run(['logout']), 0, /Not logged in/);
});

test('logout works without the network, with a warning that the login stays at the broker', async (t) => {
  const laptop = await createLaptop(t);
  laptop.broker.decision = 'approved';
  await laptop.run(['login', laptop.broker.url]);
  laptop.broker.next('/.well-known/openid-configuration', { kind: 'cut' });
  const { code, stderr } = await laptop.run(['logout']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: this login was not ended at the broker \(cannot reach/);
  assert.ok(!existsSync(join(laptop.configDir, 'token')));
});

test('a broken settings file is named and not overwritten', async (t) => {
  const laptop = await createLaptop(t);
  const path = join(laptop.configDir, 'config.json');
  writeFileSync(path, '{ "broker": ');
  assertClear(await laptop.run(['login', laptop.broker.url]), 2, /config\.json is not valid JSON/);
  assert.equal(readFileSync(path, 'utf8'), '{ "broker": ');
});
