// With the real keychain: the refresh token is there and nowhere else. Every token that passed on the wire is searched for by value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startKeychain, type TestKeychain } from '../keychain.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { filesHolding, processListing } from '../world/search.ts';

const SERVICE_TOKEN = 'svc_token_3b9e4f7a1c2d5e6f8a9b';

const onBus = ({ env }: TestKeychain) => ({
  DBUS_SESSION_BUS_ADDRESS: env['DBUS_SESSION_BUS_ADDRESS'] ?? '',
  MCPGATE_TOKEN_STORE: 'keychain',
});

test('no token is found under HOME, at the broker, in `ps` or in a log, and the daemon uses the keychain', async (t) => {
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${SERVICE_TOKEN}`] });
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url, headers: { Authorization: `Bearer ${SERVICE_TOKEN}` } } },
  });
  const keychain = await startKeychain();
  t.after(() => keychain.stop());
  const ada = await world.member('ada', { env: onBus(keychain) });
  const clients = [await ada.aiClient(), await ada.aiClient()];
  for (const client of clients) assert.equal((await client.call('counting__echo', { text: 'x' })).text, 'x');
  await ada.gate(['daemon', 'restart']);
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=after restart'])).code, 0);
  const status = (await ada.gateJson(['status'])) as { token: unknown };
  assert.match(JSON.stringify(status.token), /keychain/);

  const tokens = [...world.network.tokens, SERVICE_TOKEN];
  assert.ok(tokens.length >= 4, `the wire showed ${tokens.length} tokens`);
  const folders = [world.root, keychain.env['HOME'] ?? ''];
  assert.deepEqual(
    folders.flatMap((folder) => filesHolding(folder, tokens)),
    [],
    'files of the laptop, the broker and the keychain',
  );
  const listing = await processListing();
  assert.deepEqual(
    tokens.filter((token) => listing.includes(token)),
    [],
    'processes and their environments',
  );
  const said = [world.broker.output(), world.logs(), ...clients.map((client) => client.stderr())].join('\n');
  assert.deepEqual(
    tokens.filter((token) => said.includes(token)),
    [],
    'logs',
  );

  assert.equal((await ada.gate(['logout'])).code, 0);
  assert.equal((await ada.gate(['tools'])).code, 3);
});

test('the file is used only when asked for, is 0600, and every login says so', async (t) => {
  const world = await createWorld(t);
  await world.person('ada');
  const laptop = world.laptop('laptop');
  const login = laptop.start(['login', world.url, '--json', '--no-browser']);
  const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
  await world.broker.run(['login', 'approve', code, '--as', 'ada']);
  assert.equal(await login.exited, 0);
  assert.match(login.output(), /MCPGATE_TOKEN_STORE|file/);
  const holding = filesHolding(laptop.home, [...world.network.tokens]);
  assert.equal(holding.length, 1, holding.join());
});

test('a keychain that locks hangs nothing and says what to do; nobody has to log in again', async (t) => {
  const world = await createWorld(t);
  const keychain = await startKeychain();
  t.after(() => keychain.stop());
  const ada = await world.member('ada', { env: { ...onBus(keychain), MCPGATE_LOG: 'error' } });
  assert.equal((await ada.gate(['tools'])).code, 0);
  await ada.gate(['daemon', 'stop']);
  keychain.lock();
  const locked = await ada.gate(['tools']);
  assert.notEqual(locked.code, 0);
  assert.match(locked.stderr, /keychain.*(unlock|locked)/is);
  assert.deepEqual(filesHolding(ada.home, [...world.network.tokens]), []);
});
