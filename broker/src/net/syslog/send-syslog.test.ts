// What is sent to a real rsyslog is there, and a receiver that has not taken all of it is known.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { freePort } from 'mcpgate-test/world/network/free-port';
import { createPrivateAuthority, type PrivateAuthority } from 'mcpgate-test/world/network/private-authority';
import { createRsyslog } from 'mcpgate-test/world/rsyslog';
import { sendSyslog } from './send-syslog.ts';
import { syslogAddress } from '../../domain/outside/syslog-address.ts';
import { asciiJson, syslogText } from './syslog-message.ts';

let authority: PrivateAuthority;
const folder = mkdtempSync(join(tmpdir(), 'mg-syslog-'));
before(async () => {
  authority = await createPrivateAuthority();
});
after(() => {
  authority.remove();
  rmSync(folder, { recursive: true });
});

const messageOf = (id: string, record: object = { id }) =>
  syslogText({
    ...{
      severity: 'notice',
      timestamp: '2026-11-30T12:00:00.000Z',
      host: 'höst 1',
      procId: 'chain',
      msgId: 'secret.set',
    },
    ...{ data: { 'mcpgate@32473': { id } }, text: asciiJson(record) },
  });
const within = (ms = 5_000) => AbortSignal.timeout(ms);
const plain = (port: number) => ({ address: { transport: 'tcp', host: '127.0.0.1', port } as const });

test('over TLS: in order, as a receiver reads it, whatever characters are in it, to whoever shows a certificate that is trusted', async (t) => {
  const issued = await authority.issue('DNS:localhost');
  const shown = await authority.issue('DNS:broker');
  const port = await freePort();
  const tls = { caFile: authority.caFile, ...issued, asksForCertificate: true };
  const rsyslog = createRsyslog(t, { folder: join(folder, 'tls'), port, transport: 'tls', tls });
  await rsyslog.start();
  const address = { transport: 'tls', host: 'localhost', port } as const;
  const ca = readFileSync(authority.caFile, 'utf8');
  const certificate = `${readFileSync(shown.certFile, 'utf8')}${readFileSync(shown.keyFile, 'utf8')}`;
  const strange = { text: 'two\nlines\r\u0000\u0007\u2028 ü 😀 \ud800 ]"\\', long: 'x'.repeat(20_000) };
  const ids = Array.from({ length: 300 }, (_each, index) => `c"h]a\\in:${index}`);
  await sendSyslog(
    [...ids.map((id) => messageOf(id)), messageOf('strange', strange)],
    { address, ca, certificate },
    within(),
  );
  const lines = rsyslog.lines();
  assert.deepEqual(
    lines.map(({ read }) => read['mcpgate@32473']?.['id']),
    [...ids, 'strange'],
  );
  const last = lines.at(-1);
  assert.deepEqual(JSON.parse(last?.text ?? ''), strange);
  assert.deepEqual(
    [last?.priority, last?.host, last?.app, last?.proc, last?.id, last?.timestamp],
    [109, 'h_st_1', 'mcpgate', 'chain', 'secret.set', '2026-11-30T12:00:00.000Z'],
  );
  await assert.rejects(sendSyslog(['x'], { address, certificate }, within()), /has not taken all of it: .*CERT|SIGN/);
  const other = { ...address, host: '127.0.0.1' };
  await assert.rejects(sendSyslog(['x'], { address: other, ca, certificate }, within()), /has not taken all of it/);
  await assert.rejects(sendSyslog(['x'], { address, ca }, within()), /has not taken all of it/);
  assert.equal(rsyslog.lines().length, ids.length + 1);
  await rsyslog.stop();
  await assert.rejects(sendSyslog(['x'], { address, ca, certificate }, within()), /nobody listens there/);
});

test('a receiver that looks at whoever sends after the handshake and ends the connection then has taken nothing', async (t) => {
  const issued = await authority.issue('DNS:localhost');
  const [cert, key] = [readFileSync(issued.certFile), readFileSync(issued.keyFile)];
  const ca = readFileSync(authority.caFile, 'utf8');
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { cert, key, requestCert: true, rejectUnauthorized: false, maxVersion };
    const server = createTlsServer(options, (socket) => {
      socket.on('error', () => undefined).end();
    });
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const receiver = { address: { transport: 'tls', host: 'localhost', port } as const, ca };
    for (let round = 0; round < 5; round += 1)
      await assert.rejects(sendSyslog(['x'], receiver, within()), /has not taken all of it/, maxVersion);
  }
});

test('a receiver that breaks off, that ends before it has all, that never ends, or is gone after it has read has not taken it', async (t) => {
  const sockets = new Set<Socket>();
  let take: (socket: Socket) => void = () => undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    take(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.after(close);
  const receiver = plain((server.address() as AddressInfo).port);
  const large = ['x'.repeat(4_000_000)];
  const cases: [string, (socket: Socket) => void, RegExp][] = [
    ['breaks off', (socket) => socket.once('data', () => socket.resetAndDestroy()), /broke the connection/],
    ['ends early', (socket) => socket.pause().end(), /ended the connection before/],
    ['never ends', (socket) => socket.resume(), /did not end the connection in time/],
    [
      'is gone after it has read',
      (socket) => {
        socket.resume().once('end', () => {
          server.close();
          socket.end();
        });
      },
      /nobody listens there/,
    ],
  ];
  for (const [what, taking, message] of cases) {
    take = taking;
    await assert.rejects(sendSyslog(large, receiver, within(what === 'never ends' ? 200 : 5_000)), message, what);
  }
});

test('over UDP, and addresses as they are written', async (t) => {
  const udp = createSocket('udp4');
  t.after(() => udp.close());
  const came: string[] = [];
  udp.on('message', (message) => came.push(message.toString()));
  await new Promise<void>((bound) => {
    udp.bind(0, '127.0.0.1', bound);
  });
  const { port } = udp.address();
  await sendSyslog(['one', 'two'], { address: { transport: 'udp', host: '127.0.0.1', port } }, within());
  while (came.length < 2) await once(udp, 'message');
  assert.deepEqual(came, ['one', 'two']);
  assert.deepEqual(syslogAddress('syslog+tls://siem.example'), { transport: 'tls', host: 'siem.example', port: 6514 });
  assert.deepEqual(syslogAddress('syslog+udp://[::1]:99'), { transport: 'udp', host: '::1', port: 99 });
  for (const text of ['syslog://a', 'syslog+tls://a:0', 'syslog+tls://a:99999', 'syslog+tls://u@a', 'syslog+tcp://a/x'])
    assert.equal(syslogAddress(text), undefined, text);
});
