// With the real keychain: the refresh token is there and nowhere else. Every token that passed on the wire is searched for by value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { startKeyring } from '../world/keyring.ts';
import { filesHolding, processListing } from '../world/search.ts';

const SERVICE_TOKEN = 'svc_token_3b9e4f7a1c2d5e6f8a9b';

test('no token is found under HOME, at the broker, in `ps` or in a log, and the daemon uses the keychain', async (t) => {
  const upstream = await startCountingUpstream({ accepts: [`Bearer ${SERVICE_TOKEN}`] });
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    servers: { counting: { url: upstream.url, headers: { Authorization: `Bearer ${SERVICE_TOKEN}` } } },
  });
  const keyring = await startKeyring(world.root);
  t.after(() => keyring.stop());
  const ada = await world.member('ada', { env: keyring.env });
  const clients = [await ada.aiClient(), await ada.aiClient()];
  for (const client of clients) assert.equal((await client.call('counting__echo', { text: 'x' })).text, 'x');
  await ada.gate(['daemon', 'restart']);
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=after restart'])).code, 0);
  const status = (await ada.gateJson(['status'])) as { token: unknown };
  assert.match(JSON.stringify(status.token), /keychain/);

  const tokens = [...world.network.tokens, SERVICE_TOKEN];
  assert.ok(tokens.length >= 4, `the wire showed ${tokens.length} tokens`);
  assert.deepEqual(filesHolding(world.root, tokens), [], 'files of the laptop, the broker and the keyring');
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
