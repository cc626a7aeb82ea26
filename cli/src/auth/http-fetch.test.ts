import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { startTlsServer } from '../../../test/world/tls-server.ts';
import { createHttpFetch } from './http-fetch.ts';
import { networkFailure } from './network-failure.ts';

/** A server with a certificate of its own authority, and that authority as a file. */
async function createTlsWorld(t: TestContext): Promise<{ url: string; caFile: string }> {
  const server = await startTlsServer();
  const { port } = new URL(server.url);
  const socket = tls.connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const der = socket.getPeerCertificate().raw.toString('base64');
  socket.destroy();
  const folder = mkdtempSync(join(tmpdir(), 'mg-ca-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`);
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { url: server.url, caFile };
}

/** An HTTP proxy that tunnels; the targets it was asked for. */
async function startProxy(t: TestContext): Promise<{ url: string; targets: string[] }> {
  const targets: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    const target = request.url ?? '';
    targets.push(target);
    const [host = '', port] = target.split(':');
    const server = connectTcp(Number(port), host, () => {
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
  const { url, caFile } = await createTlsWorld(t);
  const trusting = createHttpFetch({ NODE_EXTRA_CA_CERTS: caFile });
  t.after(() => trusting.close());
  const response = await trusting.fetch(url);
  assert.deepEqual([response.status, await response.text()], [200, '{}']);
  const strange = createHttpFetch({});
  t.after(() => strange.close());
  const failure = await strange.fetch(url).then(
    () => assert.fail('it was trusted'),
    (error: unknown) => networkFailure(url, error),
  );
  assert.equal(failure.code, 'untrusted');
});

test('a named file that cannot be read says which variable names it', async (t) => {
  const { url } = await createTlsWorld(t);
  const http = createHttpFetch({ NODE_EXTRA_CA_CERTS: '/no/such/ca.pem' });
  await assert.rejects(http.fetch(url), /NODE_EXTRA_CA_CERTS names a file that cannot be read/);
});

test('HTTPS goes through the proxy that the environment names, unless NO_PROXY names the host', async (t) => {
  const { url, caFile } = await createTlsWorld(t);
  const proxy = await startProxy(t);
  const env = { NODE_EXTRA_CA_CERTS: caFile, HTTPS_PROXY: proxy.url };
  const through = createHttpFetch(env);
  t.after(() => through.close());
  assert.equal((await through.fetch(url)).status, 200);
  assert.deepEqual(proxy.targets, [new URL(url).host]);
  const direct = createHttpFetch({ ...env, NO_PROXY: '127.0.0.1' });
  t.after(() => direct.close());
  assert.equal((await direct.fetch(url)).status, 200);
  assert.equal(proxy.targets.length, 1);
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
  const http = createHttpFetch({ HTTP_PROXY: proxy.url });
  assert.equal(await (await http.fetch(`http://127.0.0.1:${address.port}`)).text(), 'here');
  assert.deepEqual(proxy.targets, []);
});
