// Laptops behind a company's forward proxy: real tinyproxy, real nginx, a private authority.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createCorporateWorld, linkAddresses } from '../world/network/corporate.ts';
import { PROXY_ADDRESS } from '../world/network/forward-proxy.ts';
import { knowingHosts } from '../world/network/known-hosts.ts';

test('a proxy with credentials and a private authority: kept at login, used for AI clients that start without environment', async (t) => {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createCorporateWorld(t, { servers: { counting: { url: upstream.url } } });
  const ada = await world.person('ada');
  await world.loginWith(ada, { HTTPS_PROXY: world.proxy.url, SSL_CERT_DIR: world.authority.trustFolder });
  const afterLogin = world.proxy.targets().length;
  assert.ok(afterLogin > 0);

  const client = await ada.aiClient();
  assert.equal((await client.call('counting__echo', { text: 'through' })).text, 'through');
  const targets = world.proxy.targets();
  assert.ok(targets.length > afterLogin, 'the daemon went through the proxy too');
  assert.deepEqual([...new Set(targets)], [new URL(world.url).host]);
  assert.deepEqual([...new Set(linkAddresses(world))], [PROXY_ADDRESS], 'no link came another way');
  assert.equal(upstream.calls.length, 1);

  const { stdout, code } = await ada.gate(['status']);
  assert.equal(code, 0, stdout);
  const doctor = await ada.gate(['doctor']);
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
  for (const line of [
    `✓ proxy +${world.proxy.host} for ${new URL(world.url).host}`,
    '✓ name +looked up by the proxy',
    '! TLS +certificate by Corp Test, Corp Test Authority, ends in 1 days',
    `✓ broker +${world.url} answers`,
    '✓ clock +right',
    '✓ daemon +runs',
    '✓ tunnel +open',
  ]) {
    assert.match(doctor.stdout, new RegExp(`^${line}`, 'm'));
  }
  const logs = await ada.gate(['daemon', 'logs']);
  assert.doesNotMatch(logs.stdout + stdout + doctor.stdout, /S3cret-Pass/);
});

test('NO_PROXY goes direct, and the proxy is not asked', async (t) => {
  const world = await createCorporateWorld(t);
  const ada = await world.person('ada', { env: knowingHosts(world.root, { 'broker.corp.test': '127.0.0.1' }) });
  await world.loginWith(ada, {
    HTTPS_PROXY: world.proxy.url,
    NO_PROXY: 'localhost,.corp.test',
    NODE_EXTRA_CA_CERTS: world.authority.caFile,
  });
  assert.equal((await ada.gate(['status'])).code, 0);
  assert.deepEqual(linkAddresses(world), ['127.0.0.1']);
  assert.deepEqual(world.proxy.targets(), []);
});

test('a wrong proxy password is told as that; the link comes back when the password is right again', async (t) => {
  const world = await createCorporateWorld(t);
  const ada = await world.person('ada');
  const trust = { SSL_CERT_FILE: world.authority.caFile };
  const wrong = world.proxy.url.replace('S3cret-Pass', 'Old-Pass');
  const refused = await ada.gate(['login', world.url, '--no-browser'], { env: { ...trust, HTTPS_PROXY: wrong } });
  assert.equal(refused.code, 4);
  assert.match(
    refused.stderr,
    /the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) refused the user name and password \(HTTP 40[17]\)/,
  );
  assert.doesNotMatch(refused.stderr, /Old-Pass/);

  await world.loginWith(ada, { ...trust, HTTPS_PROXY: world.proxy.url });
  // The password changed after the login: the daemon of a shell that has the old one.
  const status = await ada.gate(['status', '--json'], { env: { HTTPS_PROXY: wrong } });
  assert.equal(status.code, 4);
  const { tunnel } = JSON.parse(status.stdout) as { tunnel: { state: string; message: string } };
  assert.match(tunnel.message, /refused the user name and password \(HTTP 40[17]\).*daemon restart/);
  const doctor = await ada.gate(['doctor'], { env: { HTTPS_PROXY: wrong } });
  assert.equal(doctor.code, 4);
  assert.match(doctor.stdout, /^✗ TLS .*refused the user name and password \(HTTP 40[17]\)/m);
  assert.doesNotMatch(doctor.stdout + status.stdout, /Old-Pass/);
  assert.deepEqual(linkAddresses(world), []);
  await ada.gate(['daemon', 'restart']);
  assert.equal((await ada.gate(['status'])).code, 0);
});

test('without the proxy, and without the authority, each message names what is missing', async (t) => {
  const world = await createCorporateWorld(t);
  const ada = await world.person('ada');
  const login = (env: Record<string, string>) => ada.gate(['login', world.url, '--no-browser'], { env });
  const direct = await login({ SSL_CERT_FILE: world.authority.caFile });
  assert.deepEqual([direct.code, direct.stdout], [4, '']);
  assert.match(direct.stderr, /cannot reach https:\/\/broker\.corp\.test.*(not known|cannot be looked up).*VPN/);
  const untrusting = await login({ HTTPS_PROXY: world.proxy.url });
  assert.equal(untrusting.code, 4);
  assert.match(
    untrusting.stderr,
    /not trusted \(issued by Corp Test, Corp Test Authority\).*trust store.*NODE_EXTRA_CA_CERTS/,
  );
  const nobody = await login({ HTTPS_PROXY: world.proxy.url, SSL_CERT_DIR: '/no/such' });
  assert.equal(nobody.code, 2, nobody.stderr);
  assert.match(nobody.stderr, /SSL_CERT_DIR names a folder that cannot be read/);
});
