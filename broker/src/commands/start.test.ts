import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { flagProperty } from '../config/key.ts';
import { CONFIG_KEYS } from '../config/key-list.ts';
import { processContext } from './process-context.ts';
import { startCommand } from './start.ts';
import {
  runBrokerCommand,
  startBrokerProcess,
  temporaryFolder,
  type BrokerProcess,
} from './fixtures/broker-process.ts';

test('but for the file, every flag is that of a key, with its help, its default and its variable', () => {
  const flags = CONFIG_KEYS.flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
  const [file, ...options] = startCommand(processContext({})).options;
  assert.equal(file?.attributeName(), 'config');
  assert.deepEqual(
    options.map((option) => [option.flags, option.attributeName()]),
    flags.map((flag) => [flag.syntax, flagProperty(flag)]),
  );
  assert.equal(
    options.find((option) => option.long === '--data')?.description,
    'folder of database, keys and socket (default: ./mcpgate-data; MCPGATE_DATA)',
  );
});

describe('a broker that cannot start says why in one line', () => {
  const start = async (...args: string[]) => await runBrokerCommand(['start', ...args], { cwd: temporaryFolder() });

  test('an address that other machines reach, without TLS', async () => {
    const { code, stderr, stdout } = await start('--listen', '0.0.0.0:0');
    assert.equal(code, 2);
    assert.match(stderr, /^mcpgate-broker: listen: 0\.0\.0\.0 can be reached .*--behind-proxy.*\n$/);
    assert.equal(stdout, '');
  });

  test('a mistake in the configuration file: file, line, key', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'b.yaml'), 'data: here\nlistne: 127.0.0.1:0\n');
    const { code, stderr } = await runBrokerCommand(['start', '--config', 'b.yaml'], { cwd });
    assert.equal(code, 2);
    assert.equal(stderr, 'mcpgate-broker: b.yaml:2: listne: unknown key; did you mean "listen"?\n');
  });

  test('an unknown flag or command', async () => {
    assert.equal((await start('--lisen', 'x')).code, 2);
    for (const words of [['strat'], ['strat', '--help'], ['help', 'strat'], ['server', 'strat', '-h']]) {
      const { code, stdout, stderr } = await runBrokerCommand(words);
      assert.deepEqual([code, stdout], [2, ''], words.join(' '));
      assert.match(stderr, /unknown command 'strat'/);
    }
    const { code, stdout } = await runBrokerCommand(['help', 'start']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: mcpgate-broker start/);
  });

  test('a data folder that holds other things and is open to others is left as it is', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'shared'), { mode: 0o755 });
    writeFileSync(join(folder, 'shared', 'notes.txt'), 'mine');
    const { code, stderr } = await start('--data', join(folder, 'shared'), '--listen', '127.0.0.1:0');
    assert.equal(code, 2);
    assert.match(stderr, /can be read by others and holds other files/);
    assert.equal(statSync(join(folder, 'shared')).mode & 0o777, 0o755);
  });

  test('certificate files that are not there', async () => {
    const { code, stderr } = await start('--listen', '0.0.0.0:0', '--tls-cert', 'no.crt', '--tls-key', 'no.key');
    assert.equal(code, 2);
    assert.match(stderr, /no\.crt does not exist/);
  });
});

describe('a running broker', () => {
  let broker: BrokerProcess;
  before(async () => {
    broker = await startBrokerProcess();
  });
  after(async () => {
    await broker.stop('SIGKILL');
  });

  const setupLink = (text: string): string | undefined => /http:\S+\/setup\?\S+/.exec(text)?.[0];

  /** What a request for another host name gets: `fetch` does not let one set it. */
  const answerFor = async (path: string, headers: Record<string, string>): Promise<IncomingMessage> =>
    await new Promise((resolve, reject) => {
      const sent = request(`${broker.url}${path}`, { headers }, (response) => resolve(response.resume()));
      sent.on('error', reject).end();
    });
  const statusFor = async (path: string, headers: Record<string, string>) =>
    (await answerFor(path, headers)).statusCode;

  test('keeps its key and its socket to itself', () => {
    const mode = (name: string): number => statSync(join(broker.dataDir, name)).mode & 0o777;
    assert.equal(mode('master.key'), 0o600);
    assert.equal(mode('admin.sock'), 0o600);
    assert.equal(mode('mcpgate.db'), 0o600);
    assert.equal(statSync(broker.dataDir).mode & 0o066, 0);
  });

  test('refuses a second one on its data folder, and says which process has it', async () => {
    const { code, stderr } = await runBrokerCommand(['start', '--data', broker.dataDir, '--listen', '127.0.0.1:0']);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`another broker (process ${broker.pid}) is running on ${broker.dataDir}`), stderr);
    assert.equal((await broker.run(['status'])).code, 0, 'the first one goes on');
  });

  test('a port in use is one clear line', async () => {
    const data = join(temporaryFolder(), 'data');
    const { host } = new URL(broker.url);
    const { code, stderr } = await runBrokerCommand(['start', '--data', data, '--listen', host]);
    assert.equal(code, 1);
    assert.match(stderr, /^mcpgate-broker: port \d+ on 127\.0\.0\.1 is in use, .*--listen HOST:PORT\n$/);
  });

  test('answers health, readiness and metrics, and 404 in the form that was asked for', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) assert.equal((await fetch(broker.url + path)).status, 200);
    const json = await fetch(`${broker.url}/nothing`);
    const body: unknown = await json.json();
    assert.equal(json.status, 404);
    assert.deepEqual(body, {
      error: {
        code: 'not_found',
        message: 'there is no GET /nothing here',
        request_id: json.headers.get('x-request-id'),
      },
    });
    const page = await fetch(`${broker.url}/nothing`, { headers: { accept: 'text/html' } });
    assert.match(await page.text(), /There is nothing here/);
  });

  test('does not answer for the name of another site, except to monitors', async () => {
    assert.equal(await statusFor('/', { host: 'evil.example' }), 403);
    assert.equal(await statusFor('/api/v1/me', { host: 'evil.example' }), 403);
    assert.equal(await statusFor('/healthz', { host: 'broker.internal' }), 200);
    assert.equal(
      await statusFor('/', { host: `localhost:${new URL(broker.url).port}` }),
      303,
      'it leads to the sign-in',
    );
  });

  test('refuses an upgrade that is not the tunnel, and a tunnel request that is no upgrade', async () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    assert.equal(await statusFor('/elsewhere', upgrade), 404);
    assert.equal(await statusFor('/v1/tunnel', upgrade), 426, 'no subprotocol');
    const tunnel = { ...upgrade, 'sec-websocket-protocol': 'mcpgate.v1' };
    const challengeFor = async (headers: Record<string, string>) => {
      const { statusCode, headers: answered } = await answerFor('/v1/tunnel', { ...tunnel, ...headers });
      return [statusCode, answered['www-authenticate']?.split(',', 1)[0]];
    };
    assert.deepEqual(await challengeFor({}), [401, 'Bearer']);
    assert.deepEqual(await challengeFor({ authorization: 'Bearer mcg_x' }), [401, 'Bearer error="invalid_token"']);
    assert.equal(await statusFor('/v1/tunnel', {}), 426);
  });

  test('records a token that it refuses, and never the token', async () => {
    const response = await fetch(`${broker.url}/api/v1/users`, {
      headers: { authorization: 'Bearer mcg_not-a-real-one' },
    });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    const without = await fetch(`${broker.url}/api/v1/users`);
    assert.equal(without.headers.get('www-authenticate'), 'Bearer', 'RFC 6750: no error code where no token was sent');
    const events = JSON.stringify(await broker.json(['audit', 'search', '--type', 'auth.rejected']));
    assert.match(events, /"door":"api"/);
    assert.doesNotMatch(events + broker.stderr(), /mcg_not-a-real-one/);
  });

  test('refuses bodies that are too large or no JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const tooLarge = `"${'x'.repeat(2 * 1024 * 1024)}"`;
    const post = async (body: string) => {
      const sent = request({
        socketPath: join(broker.dataDir, 'admin.sock'),
        path: '/api/v1/users',
        method: 'POST',
        headers,
      });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      sent.on('error', () => undefined); // what it goes on sending after the answer may fail
      response.resume();
      return response.statusCode;
    };
    assert.deepEqual([await post(tooLarge), await post('{"a":')], [413, 400]);
    // Whoever does not say who they are hears that first: no body of theirs is read.
    const stranger = await fetch(`${broker.url}/api/v1/users`, { method: 'POST', body: tooLarge, headers });
    assert.equal(stranger.status, 401);
  });

  test('prints the set-up link until it is used, logs it never, and ends cleanly on SIGTERM', async () => {
    const first = setupLink(broker.stdout());
    assert.ok(first !== undefined);
    const { code } = await broker.stop('SIGTERM');
    assert.equal(code, 0);

    broker = await startBrokerProcess({ dataDir: broker.dataDir, listen: new URL(broker.url).host });
    const second = setupLink(broker.stdout());
    assert.ok(second !== undefined && second !== first, 'a new link, because nobody has used the first one');
    assert.match(await (await fetch(first)).text(), /no longer|used|expired|ended/i);
    assert.doesNotMatch(broker.stderr(), /setup\?/);

    await broker.json(['user', 'add', 'root', '--role', 'admin']);
    await broker.stop('SIGINT');
    broker = await startBrokerProcess({ dataDir: broker.dataDir, listen: new URL(broker.url).host });
    assert.equal(setupLink(broker.stdout()), undefined, 'there is an administrator');
  });

  test('starts again after it was killed', async () => {
    await broker.stop('SIGKILL');
    broker = await startBrokerProcess({ dataDir: broker.dataDir });
    assert.equal((await broker.run(['status'])).code, 0);
  });
});
