import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectTcp, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { PrivateAuthority } from '../../../test/world/network/private-authority.ts';
import { startPrivateSite } from '../../../test/world/network/private-site.ts';
import { createHttpFetch } from './http-fetch.ts';
import { networkFailure } from './network-failure.ts';

/** A server whose certificate a private authority has signed, for a name that only a proxy knows. */
async function createTlsWorld(t: TestContext): Promise<{ port: number; url: string; authority: PrivateAuthority }> {
  const names = ['IP:127.0.0.1', 'DNS:broker.corp.test'];
  const { port, authority } = await startPrivateSite(t, names, (_request, response) => response.end('{}'));
  return { port, url: `https://127.0.0.1:${port}`, authority };
}

/** An HTTP proxy that tunnels, every name to this machine; the targets it was asked for. */
async function startProxy(t: TestContext): Promise<{ url: string; targets: string[] }> {
  const targets: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    const target = request.url ?? '';
    targets.push(target);
    const server = connectTcp(Number(target.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client]) socket.on('error', () => server.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, targets };
}

test('an authority that the environment names is trusted, another one is not', async (t) => {
  const { url, authority } = await createTlsWorld(t);
  for (const env of [
    { NODE_EXTRA_CA_CERTS: authority.caFile },
    { SSL_CERT_FILE: authority.caFile },
    { SSL_CERT_DIR: authority.trustFolder },
  ]) {
    const trusting = createHttpFetch(env);
    t.after(() => trusting.close());
    const response = await trusting.fetch(url);
    assert.deepEqual([response.status, await response.text()], [200, '{}']);
  }
  const strange = createHttpFetch({});
  t.after(() => strange.close());
  const failure = await strange.fetch(url).then(
    () => assert.fail('it was trusted'),
    (error: unknown) => networkFailure(url, error),
  );
  assert.equal(failure.code, 'untrusted');
  assert.match(failure.message, /issued by Corp Test, Corp Test Authority\)/);
});

test('a named file that cannot be read says which variable names it', async (t) => {
  const { url } = await createTlsWorld(t);
  const http = createHttpFetch({ NODE_EXTRA_CA_CERTS: '/no/such/ca.pem' });
  await assert.rejects(http.fetch(url), /NODE_EXTRA_CA_CERTS names a file that cannot be read/);
  await http.close();
  const folder = createHttpFetch({ SSL_CERT_DIR: '/no/such' });
  await assert.rejects(folder.fetch(url), /SSL_CERT_DIR names a folder that cannot be read/);
});

test('HTTPS goes through the proxy that the environment names, which alone knows the name', async (t) => {
  const { port, authority } = await createTlsWorld(t);
  const proxy = await startProxy(t);
  const http = createHttpFetch({ NODE_EXTRA_CA_CERTS: authority.caFile, HTTPS_PROXY: proxy.url });
  t.after(() => http.close());
  assert.equal((await http.fetch(`https://broker.corp.test:${port}`)).status, 200);
  assert.deepEqual(proxy.targets, [`broker.corp.test:${port}`]);
});

test('where NO_PROXY names the host, the proxy is not asked', async (t) => {
  const { port } = await createTlsWorld(t);
  const proxy = await startProxy(t);
  const http = createHttpFetch({ HTTPS_PROXY: proxy.url, NO_PROXY: 'corp.test' });
  t.after(() => http.close());
  const url = `https://broker.corp.test:${port}`;
  const failure = await http.fetch(url).then(
    () => assert.fail('the name is not known here'),
    (error: unknown) => networkFailure(url, error),
  );
  assert.match(failure.message, /that name is not known|cannot be looked up/);
  assert.deepEqual(proxy.targets, []);
});

test('loopback over plain HTTP is never sent to a proxy', async (t) => {
  const proxy = await startProxy(t);
  const server = createServer((_request, response) => response.end('here'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const http = createHttpFetch({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, ALL_PROXY: proxy.url });
  assert.equal(await (await http.fetch(`http://127.0.0.1:${address.port}`)).text(), 'here');
  assert.deepEqual(proxy.targets, []);
});

test('a fetch that keeps no connections leaves none open behind an answer, in the clear on this computer and over TLS', async (t) => {
  const open = new Set<Socket>();
  const watch = (server: Server) =>
    server.on('connection', (socket: Socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  const plain = watch(createServer((_request, response) => response.end('{}')));
  await once(plain.listen(0, '127.0.0.1'), 'listening');
  t.after(() => plain.close());
  const address = plain.address();
  assert.ok(typeof address === 'object' && address !== null);
  const tls = await startPrivateSite(t, ['IP:127.0.0.1'], (_request, response) => response.end('{}'));
  watch(tls.server);
  const env = { NODE_EXTRA_CA_CERTS: tls.authority.caFile };
  for (const url of [`http://127.0.0.1:${address.port}`, `https://127.0.0.1:${tls.port}`]) {
    const { fetch, close } = createHttpFetch(env, { keepsConnections: false });
    t.after(close);
    for (let round = 0; round < 2; round += 1) {
      const response = await fetch(url, { headers: { accept: 'application/json' } });
      assert.equal(await response.text(), '{}');
      await Promise.all([...open].map((socket) => once(socket, 'close')));
    }
    assert.equal(open.size, 0);
  }
});
