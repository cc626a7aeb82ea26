import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { createPrivateAuthority } from '../../../test/world/network/private-authority.ts';
import { createBadRequests } from './doors/bad-requests.ts';
import { openListener } from './listener.ts';

const SHORT = { headersMs: 300, requestMs: 600, checkMs: 50 };

async function listener(
  t: TestContext,
  { tls, timeouts = SHORT }: { tls?: { certFile: string; keyFile: string }; timeouts?: typeof SHORT } = {},
) {
  const logged: object[] = [];
  const line = (fields: object): void => void logged.push(fields);
  const log = { debug: line, info: line, warn: line, error: line };
  const badRequests = createBadRequests({ log, clock: systemClock });
  const opened = await openListener({ host: '127.0.0.1', port: 0 }, tls, badRequests, {
    isTrusted: () => false,
    timeouts,
  });
  t.after(() => opened.close());
  const upgrades: string[] = [];
  opened.attach((_request, response) => void response.end('served'));
  opened.attachUpgrade('/v1/tunnel', (request, socket) => {
    upgrades.push(request.url ?? '');
    socket.destroy();
  });
  return { opened, upgrades, logged, counts: badRequests.counts };
}

/** What came until the other end closed. */
function ended(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined); // `close` follows
  return new Promise((resolve) => socket.once('close', () => resolve(text)));
}

test('an upgrade whose head dribbles in, and a client that says nothing, are shown out; others are served', async (t) => {
  const { opened, upgrades, counts, logged } = await listener(t);
  const { port } = opened.address;
  const silent = ended(connect(port, '127.0.0.1'));
  const slow = connect(port, '127.0.0.1');
  slow.write('GET /v1/tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
  const dribble = setInterval(() => slow.write('X-More: 1\r\n'), 20);
  t.after(() => clearInterval(dribble));
  let over = false;
  const shown = Promise.all([silent, ended(slow)]).finally(() => (over = true));
  let served = 0;
  while (!over) {
    assert.equal(await (await fetch(`${opened.origin}/`)).text(), 'served');
    served += 1;
  }
  const [, answer] = await shown;
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.deepEqual(upgrades, []);
  assert.ok(served > 0);
  assert.equal(counts.get('slow'), 2);
  const line = { address: '127.0.0.1', reason: 'slow' };
  assert.deepEqual(logged, [line, line]);
});

test('a body that dribbles in is shown out', async (t) => {
  const { opened, counts } = await listener(t);
  opened.attach((request, response) => {
    request.resume().on('end', () => response.end('whole'));
  });
  const slow = connect(opened.address.port, '127.0.0.1');
  slow.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
  const dribble = setInterval(() => slow.write('x'), 20);
  t.after(() => clearInterval(dribble));
  assert.doesNotMatch(await ended(slow), /whole/);
  assert.equal(counts.get('slow'), 1);
});

test('bytes that are no HTTP, and a head without end, are answered in one line and counted', async (t) => {
  const { opened, counts } = await listener(t);
  const garbage = connect(opened.address.port, '127.0.0.1');
  garbage.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x0d, 0x0a, 0x0d, 0x0a]));
  assert.match(await ended(garbage), /^HTTP\/1\.1 400 /);
  const long = connect(opened.address.port, '127.0.0.1');
  long.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`);
  assert.match(await ended(long), /^HTTP\/1\.1 431 /);
  assert.deepEqual([...counts.keys()].sort(), ['headers_too_long', 'malformed']);
});

test('of a flood all are counted and a few logged; the line after it says how many were not', async (t) => {
  const lines: object[] = [];
  const line = (fields: object): void => void lines.push(fields);
  t.mock.timers.enable({ apis: ['Date'] });
  const clock = { ...systemClock, now: () => Date.now() };
  const badRequests = createBadRequests({ log: { debug: line, info: line, warn: line, error: line }, clock });
  for (let count = 0; count < 100; count++) badRequests.note('slow', '192.0.2.7');
  assert.deepEqual([badRequests.counts.get('slow'), lines.length], [100, 10]);
  t.mock.timers.tick(10_000);
  badRequests.note('slow', '192.0.2.7');
  assert.deepEqual(lines.at(-1), { address: '192.0.2.7', reason: 'slow', unlogged: 90 });
});

test('a client that speaks no TLS to a TLS port is counted and logged, and others are served', async (t) => {
  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const { opened, counts, logged } = await listener(t, { tls: await authority.issue('IP:127.0.0.1') });
  const plain = connect(opened.address.port, '127.0.0.1');
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await ended(plain);
  assert.equal(counts.get('tls'), 1);
  assert.deepEqual(logged, [{ address: '127.0.0.1', reason: 'tls' }]);
});

test('a body that somebody asks to send is asked for by who reads it, not before', async (t) => {
  const { opened } = await listener(t);
  opened.attach((request, response) => {
    if (request.url !== '/known') return void response.writeHead(401).end();
    response.writeContinue();
    request.resume().on('end', () => response.end('whole'));
  });
  const ask = (path: string) => {
    const socket = connect(opened.address.port, '127.0.0.1');
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    return socket;
  };
  const stranger = await ended(ask('/').end());
  assert.match(stranger, /^HTTP\/1\.1 401 /);
  const known = ask('/known');
  known.once('data', () => known.write('hello'));
  assert.match(await ended(known), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*whole/);
});

test('thousands of laptops that come at once from one address are all let through to the tunnel', async (t) => {
  const { opened, counts } = await listener(t, { timeouts: { headersMs: 30_000, requestMs: 30_000, checkMs: 1_000 } });
  const links: Duplex[] = [];
  opened.attachUpgrade('/v1/tunnel', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    links.push(socket);
  });
  const laptops = Array.from({ length: 3_000 }, () => connect(opened.address.port, '127.0.0.1'));
  const answers = laptops.map(
    (socket) =>
      new Promise<string>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('data', (data) => resolve(data.toString('latin1', 0, 12)));
        socket.write('GET /v1/tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      }),
  );
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['HTTP/1.1 101']));
  for (const socket of [...laptops, ...links]) socket.destroy();
  assert.equal(links.length, 3_000);
  assert.equal(counts.get('too_many'), undefined);
});
