// TLS that is ended in front of the broker, by nginx and by Caddy with the configurations of docs/examples, or by the broker itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld } from '../world.ts';
import { BROKER_NAME, createCorporateWorld, linkAddresses, type CorporateWorld } from '../world/network/corporate.ts';
import { freePort } from '../world/network/free-port.ts';
import { knowingHosts } from '../world/network/known-hosts.ts';
import { createPrivateAuthority } from '../world/network/private-authority.ts';
import { until } from '../world/until.ts';

const CLIENT_ADDRESS = '127.0.0.9';
const SPOOFED = '203.0.113.66';

/** Addresses of tunnel upgrades that the broker refused. */
async function refusedFrom(world: CorporateWorld): Promise<string[]> {
  const events = (await world.broker.json(['audit', 'search', '--events'])) as {
    type: string;
    address?: string | null;
  }[];
  return events.filter(({ type }) => type === 'auth.rejected').map(({ address }) => address ?? '');
}

/** An upgrade that nobody may have, from `CLIENT_ADDRESS`, which claims to be passed on for another one. */
async function knock(world: CorporateWorld, where: 'front' | 'broker'): Promise<number> {
  const target = new URL(where === 'front' ? world.url : world.broker.listenUrl);
  const headers = {
    host: new URL(world.url).host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'mcpgate.v1',
    authorization: 'Bearer nobody',
    'x-forwarded-for': SPOOFED,
  };
  const common = { host: '127.0.0.1', port: target.port, path: '/v1/tunnel', headers, localAddress: CLIENT_ADDRESS };
  const tls = { ca: readFileSync(world.authority.caFile), servername: BROKER_NAME };
  const sent = where === 'front' ? requestTls({ ...common, ...tls }) : request(common);
  sent.end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

for (const front of ['nginx', 'Caddy'] as const) {
  test(`behind ${front}: login, calls, and the client’s own address, which nobody can claim`, async (t) => {
    const upstream = await startCountingUpstream();
    t.after(() => upstream.close());
    const world = await createCorporateWorld(t, { front, servers: { counting: { url: upstream.url } } });
    const ada = await world.person('ada', { env: knowingHosts(world.root, { [BROKER_NAME]: '127.0.0.1' }) });
    await world.loginWith(ada, { SSL_CERT_FILE: world.authority.caFile });
    const client = await ada.aiClient();
    const text = 'x'.repeat(300_000);
    assert.equal((await client.call('counting__echo', { text })).text, text);
    assert.equal(upstream.calls.length, 1);

    assert.equal(await knock(world, 'front'), 401);
    await until('the refusal is recorded', async () => (await refusedFrom(world)).length === 1);
    assert.deepEqual(await refusedFrom(world), [CLIENT_ADDRESS]);
    // Not through the proxy: what it claims is not believed.
    assert.equal(await knock(world, 'broker'), 401);
    await until('the refusal is recorded', async () => (await refusedFrom(world)).length === 2);
    assert.deepEqual(await refusedFrom(world), [CLIENT_ADDRESS, CLIENT_ADDRESS]);
  });
}

test('a front that cuts what is silent for 9 s does not cut the tunnel, which never is', async (t) => {
  const changes = {
    'proxy_read_timeout 1h': 'proxy_read_timeout 9s',
    'proxy_send_timeout 1h': 'proxy_send_timeout 9s',
  };
  const world = await createCorporateWorld(t, { changes });
  const ada = await world.person('ada', { env: knowingHosts(world.root, { [BROKER_NAME]: '127.0.0.1' }) });
  await world.loginWith(ada, { SSL_CERT_FILE: world.authority.caFile });
  const client = await ada.aiClient();
  await until('the link is open', () => linkAddresses(world).length === 1);
  const opened = performance.now();
  await until('the limit of the front has passed', () => performance.now() - opened > 10_500, 20_000);
  assert.deepEqual(await client.toolNames(), []);
  assert.equal(linkAddresses(world).length, 1, 'it is still the first link');
});

test('a front whose broker is away: told as that, and the link comes back', async (t) => {
  const world = await createCorporateWorld(t);
  const ada = await world.person('ada', { env: knowingHosts(world.root, { [BROKER_NAME]: '127.0.0.1' }) });
  await world.loginWith(ada, { SSL_CERT_FILE: world.authority.caFile });
  assert.equal((await ada.gate(['status'])).code, 0);
  await world.broker.stop();
  const away = await ada.gate(['status', '--json']);
  assert.equal(away.code, 4, away.stdout);
  assert.match(away.stdout, /HTTP 502 from what stands in front of it/);
  await world.broker.start();
  await until('the link is back', async () => (await ada.gate(['status'])).code === 0);
});

test('the broker ends TLS itself, and listens on IPv6', async (t) => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  assert.ok(
    addresses.some(({ address }) => isIPv6(address)),
    'this test needs a machine with IPv6: it has no address ::1',
  );
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const { certFile, keyFile } = await authority.issue('IP:::1');
  const url = `https://[::1]:${await freePort()}`;
  const world = await createWorld(t, {
    direct: true,
    brokerArgs: ['--listen', new URL(url).host, '--public-url', url, '--tls-cert', certFile, '--tls-key', keyFile],
    servers: { counting: { url: upstream.url } },
  });
  const ada = await world.person('ada', { env: { SSL_CERT_FILE: authority.caFile } });
  await ada.login(url, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']));
  const client = await ada.aiClient();
  assert.equal((await client.call('counting__echo', { text: 'over IPv6' })).text, 'over IPv6');
  assert.deepEqual(linkAddresses(world), ['::1']);
});

test('plain HTTP on the IPv6 loopback: login, tunnel, and the default public URL', async (t) => {
  const port = await freePort();
  const world = await createWorld(t, { direct: true, brokerArgs: ['--listen', `[::1]:${port}`] });
  assert.match(world.broker.output(), new RegExp(`^ready http://\\[::1\\]:${port}$`, 'm'));
  const ada = await world.person('ada');
  await ada.login(`http://[::1]:${port}`, (code) => world.broker.run(['login', 'approve', code, '--as', 'ada']));
  assert.equal((await ada.gate(['status'])).code, 0);
  assert.deepEqual(linkAddresses(world), ['::1']);
});
