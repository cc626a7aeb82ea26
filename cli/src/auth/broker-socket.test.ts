import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createPrivateAuthority } from '../../../test/world/network/private-authority.ts';
import { startTlsServer } from '../../../test/world/network/tls-server.ts';
import { openBrokerSocket } from './broker-socket.ts';
import { networkFailure } from './network-failure.ts';

const BROKER = 'https://broker.corp.test:8443';

/** A proxy that answers every CONNECT with `answer`; without one it is silent. */
async function startStubbornProxy(t: TestContext, answer?: string): Promise<{ url: URL; heard: () => string }> {
  let heard = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (answer !== undefined) socket.end(answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://ada:s3c%40ret@127.0.0.1:${port}`), heard: () => heard };
}

const failureOf = (proxy: URL | undefined, limitMs?: number): Promise<Error> =>
  openBrokerSocket(new URL(BROKER), { proxy, ca: [] }, limitMs).then(
    () => assert.fail('it connected'),
    (error: unknown) => networkFailure(BROKER, error),
  );

test('what a proxy answers to CONNECT is told with what to do, and without the password', async (t) => {
  const cases: [string, RegExp][] = [
    [
      '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"',
      /^cannot reach https:\/\/broker\.corp\.test:8443: the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) refused the user name and password \(HTTP 407\); put the right ones/,
    ],
    ['407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM', /only Kerberos or NTLM .* local relay/],
    ['403 Filtered', /does not allow broker\.corp\.test:8443 \(HTTP 403\); ask your network team/],
    ['502 Bad Gateway', /cannot reach broker\.corp\.test:8443 \(HTTP 502\)/],
  ];
  for (const [answer, message] of cases) {
    const proxy = await startStubbornProxy(t, `HTTP/1.1 ${answer}\r\nContent-Length: 0\r\n\r\n`);
    const failure = await failureOf(proxy.url);
    assert.match(failure.message, message);
    assert.doesNotMatch(failure.message, /s3c/);
    assert.match(proxy.heard(), /^CONNECT broker\.corp\.test:8443 HTTP\/1\.1\r\n/);
    assert.ok(proxy.heard().includes(`Basic ${Buffer.from('ada:s3c@ret').toString('base64')}`));
  }
});

test('a proxy that asks for credentials where none are given, one that hangs, one that is not there', async (t) => {
  const asking = await startStubbornProxy(t, 'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\n\r\n');
  assert.match((await failureOf(new URL(`http://${asking.url.host}`))).message, /asks for the user name and password/);
  const silent = await startStubbornProxy(t);
  assert.match(
    (await failureOf(silent.url, 200)).message,
    /the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\) does not answer/,
  );
  const port = Number(silent.url.port);
  const gone = new URL(`http://[::1]:${port}`);
  assert.match((await failureOf(gone)).message, /the proxy \[::1\]:\d+ .* cannot be reached .*ECONNREFUSED/);
});

test('a server that takes the connection and never speaks TLS: no answer, within the limit', async (t) => {
  const { url } = await startStubbornProxy(t);
  const target = new URL(`https://127.0.0.1:${url.port}`);
  await assert.rejects(openBrokerSocket(target, { proxy: undefined, ca: [] }, 200), { name: 'TimeoutError' });
});

test('the limit is for connecting: a socket that was opened in time stays', async (t) => {
  const server = await startTlsServer();
  t.after(() => server.close());
  const socket = await openBrokerSocket(new URL(server.url), { proxy: undefined, ca: [server.ca] }, 300);
  const aborted = AbortSignal.timeout(400);
  await once(aborted, 'abort');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  assert.match(chunk.toString(), /^HTTP\/1\.1 200/);
  socket.destroy();
});

test('a certificate that is not trusted names who issued it', async (t) => {
  const authority = await createPrivateAuthority('Inspection Authority');
  t.after(() => authority.remove());
  const server = await startTlsServer(await authority.issue('IP:127.0.0.1'));
  t.after(() => server.close());
  const failure = await openBrokerSocket(new URL(server.url), { proxy: undefined, ca: [] }).then(
    () => assert.fail('it was trusted'),
    (error: unknown) => networkFailure(server.url, error),
  );
  assert.equal(failure.code, 'untrusted');
  assert.match(failure.message, /issued by Corp Test, Inspection Authority\).*trust store.*NODE_EXTRA_CA_CERTS/);
});
