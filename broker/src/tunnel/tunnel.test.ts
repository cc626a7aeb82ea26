import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { systemClock } from 'mcpgate-shared/clock';
import { FrameKind, HEADER_BYTES, readFrame } from 'mcpgate-shared/link/frame';
import { readClose, readOpened, toPayload } from 'mcpgate-shared/link/link-message';
import type { AuditEvent } from '../domain/call-record.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { Revocation } from '../domain/people/revocation.ts';
import type { Authentication } from '../identity/authentication.ts';
import { createSilentBus } from '../store/sqlite/open-sqlite.ts';
import { memoryOfDepartures, memoryOfLeftChannels, testVault } from './fixtures/between-brokers.ts';
import { peerLink, SECRET } from './fixtures/tunnel-world.ts';
import { createTunnel, type Tunnel } from './tunnel.ts';

const people: Record<string, Principal> = {};
for (const name of ['ada', 'bob']) {
  people[`token-${name}`] = {
    workspaceId: 'default',
    user: { id: `id-${name}`, name, role: 'member', groups: [] },
    credential: { kind: 'device', id: `device-${name}`, label: 'laptop' },
  };
}
const laptop = people['token-ada'];
assert.ok(laptop);
people['token-ada-phone'] = { ...laptop, credential: { kind: 'device', id: 'device-phone', label: 'phone' } };
people['token-ada-elsewhere'] = { ...laptop, workspaceId: 'elsewhere' };
people['token-ada-grant'] = { ...laptop, credential: { ...laptop.credential, kind: 'grant' } };
const events: AuditEvent[] = [];
const closedSessions: string[] = [];
let revoke: ((revocation: Revocation) => Promise<{ linksClosed: number; callsCancelled: number }>) | undefined;
let tunnel: Tunnel;
let url = '';
const server = createServer();

const authenticate = (bearer: string | undefined): Promise<Authentication> => {
  if (bearer === 'revoked') return Promise.resolve({ kind: 'rejected', reason: 'revoked', message: 'revoked' });
  const principal = people[bearer ?? ''];
  return Promise.resolve(
    principal ? { kind: 'ok', principal } : { kind: 'rejected', reason: 'unknown', message: 'who?' },
  );
};

before(async () => {
  tunnel = createTunnel({
    identity: {
      authenticate,
      onChanged: () => () => undefined,
      onRevoked(listener) {
        revoke = listener;
        return () => undefined;
      },
    },
    // Says every message back, with the person's name before it.
    gateway: {
      open: ({ principal, send }) => ({
        id: 'session',
        pending: 0,
        receive: (text) => send(`${principal.user?.name}:${text}`, undefined, {}),
        receiveCut: (head) => send(`cut:${head.slice(0, 20)}`, undefined, {}),
        close(reason) {
          closedSessions.push(reason);
          return Promise.resolve();
        },
      }),
    },
    audit: {
      refused(event) {
        events.push(event);
        return Promise.resolve();
      },
    },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    clock: systemClock,
    version: '1.0.0',
    broker: 'this-run',
    departures: memoryOfDepartures(),
    leftChannels: memoryOfLeftChannels(),
    vault: testVault,
    bus: createSilentBus(),
    limits: { channelsPerLink: 5, resumeMs: 60_000 },
  });
  server.on('upgrade', (request, socket, head) => tunnel.handleUpgrade(request, socket, head, '127.0.0.1'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/tunnel`;
});
after(() => {
  tunnel.close();
  server.close();
});

const socketFor = (token: string, protocol = 'mcpgate.v1') =>
  new WebSocket(url, protocol, { headers: { authorization: `Bearer ${token}` } });

/** A link as the daemon has it, with a window of 64 KiB. */
async function connect(token: string) {
  const ws = socketFor(token);
  const { next, ...link } = peerLink(ws);
  await once(ws, 'open');
  const send = (kind: FrameKind, channel: number, payload: Buffer, seq = 0, ack = 0) =>
    link.send(kind, channel, payload, { seq, ack });
  const open = (channel: number, id: string, nextSeq = 0, secret = SECRET) =>
    link.open(channel, id, { next: nextSeq, secret, windowBytes: 65536 });
  return { ws, next, send, open };
}
const idOf = (digit: string) => digit.repeat(32);
const body = (frame: Buffer) => frame.subarray(HEADER_BYTES);

async function statusOf(token: string, protocol?: string): Promise<number> {
  const ws = socketFor(token, protocol);
  ws.on('error', () => undefined);
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, { statusCode: number }];
  ws.terminate();
  return response.statusCode;
}

test('unknown, revoked and outdated clients are refused before the upgrade, and the log says so', async () => {
  assert.equal(await statusOf('nobody'), 401);
  assert.equal(await statusOf('revoked'), 403);
  assert.equal(await statusOf('token-ada', 'mcpgate.v9'), 426);
  assert.deepEqual(
    events.map(({ type, data }) => [type, data['reason']]),
    [
      ['auth.rejected', 'unknown'],
      ['auth.rejected', 'revoked'],
      ['request.refused', 'version'],
    ],
  );
});

test('a message reaches the session of its own channel and its answer comes back', async () => {
  const link = await connect('token-ada');
  link.open(7, idOf('1'));
  assert.equal(readOpened(body(await link.next(FrameKind.opened)))?.resumed, false);
  link.send(FrameKind.data, 7, Buffer.from('hello'));
  const answer = await link.next(FrameKind.data);
  assert.equal(body(answer).toString(), 'ada:hello');
  const header = readFrame(answer);
  assert.ok(typeof header === 'object' && header.channel === 7 && header.ack === 1);
  link.ws.terminate();
});

test('a channel whose link was cut goes on over the next link, and what was lost comes again', async () => {
  const first = await connect('token-ada');
  first.open(1, idOf('2'));
  first.send(FrameKind.data, 1, Buffer.from('one'));
  await first.next(FrameKind.data); // received, but never acknowledged
  first.ws.terminate();
  const second = await connect('token-ada');
  second.open(9, idOf('2'), 0);
  const opened = readOpened(body(await second.next(FrameKind.opened)));
  assert.deepEqual([opened?.resumed, opened?.next], [true, 1]);
  assert.equal(body(await second.next(FrameKind.data)).toString(), 'ada:one');
  second.ws.terminate();
});

test('a channel cannot be resumed by others, nor without its secret', async () => {
  const ada = await connect('token-ada');
  ada.open(1, idOf('3'));
  await ada.next(FrameKind.opened);
  const bob = await connect('token-bob');
  bob.open(1, idOf('3'));
  assert.equal(readClose(body(await bob.next(FrameKind.close)))?.code, 'refused');
  const guesser = await connect('token-ada');
  guesser.open(1, idOf('3'), 0, 'x'.repeat(43));
  assert.equal(readClose(body(await guesser.next(FrameKind.close)))?.code, 'refused');
  for (const link of [ada, bob, guesser]) link.ws.terminate();
});

test('the right secret is of no use to another person, device, workspace or kind of credential', async () => {
  const ada = await connect('token-ada');
  ada.open(1, idOf('e'));
  await ada.next(FrameKind.opened);
  for (const token of ['token-bob', 'token-ada-phone', 'token-ada-elsewhere', 'token-ada-grant']) {
    const other = await connect(token);
    other.open(1, idOf('e'));
    assert.equal(readClose(body(await other.next(FrameKind.close)))?.code, 'refused', token);
    other.ws.terminate();
  }
  ada.send(FrameKind.data, 1, Buffer.from('mine'));
  assert.equal(body(await ada.next(FrameKind.data)).toString(), 'ada:mine');
  ada.ws.terminate();
});

test('a resumed link fences off the one before it', async () => {
  const [old, now] = [await connect('token-ada'), await connect('token-ada')];
  old.open(1, idOf('f'));
  await old.next(FrameKind.opened);
  now.open(1, idOf('f'));
  assert.equal(readOpened(body(await now.next(FrameKind.opened)))?.resumed, true);
  old.send(FrameKind.data, 1, Buffer.from('from before'));
  old.send(FrameKind.close, 1, toPayload({ code: 'gone', message: 'from before' }));
  const pong = once(old.ws, 'pong');
  old.ws.ping(); // answered in order: the frames before it have been looked at
  await pong;
  now.send(FrameKind.data, 1, Buffer.from('after'));
  assert.equal(body(await now.next(FrameKind.data)).toString(), 'ada:after');
  for (const link of [old, now]) link.ws.terminate();
});

test('a late open on an earlier link cannot take a channel away unnoticed: the present link is told and takes it back', async () => {
  const [before, now] = [await connect('token-ada'), await connect('token-ada')];
  now.open(1, idOf('9'));
  await now.next(FrameKind.opened);
  before.open(7, idOf('9')); // was under way when its link was given up
  await before.next(FrameKind.opened);
  assert.equal(readClose(body(await now.next(FrameKind.close)))?.code, 'protocol');
  now.open(2, idOf('9'));
  assert.equal(readOpened(body(await now.next(FrameKind.opened)))?.resumed, true);
  now.send(FrameKind.data, 2, Buffer.from('mine'));
  assert.equal(body(await now.next(FrameKind.data)).toString(), 'ada:mine');
  for (const link of [before, now]) link.ws.terminate();
});

test('a resume with a wrong acknowledgement does not disturb the link that has the channel', async () => {
  const [holder, stale] = [await connect('token-ada'), await connect('token-ada')];
  holder.open(1, idOf('8'));
  await holder.next(FrameKind.opened);
  stale.open(1, idOf('8'), 99);
  assert.equal(readClose(body(await stale.next(FrameKind.close)))?.code, 'protocol');
  holder.send(FrameKind.data, 1, Buffer.from('still here'));
  assert.equal(body(await holder.next(FrameKind.data)).toString(), 'ada:still here');
  for (const link of [holder, stale]) link.ws.terminate();
});

test('a link that opens too many channels is refused the next one, and keeps those it has', async () => {
  const link = await connect('token-ada');
  for (let number = 1; number <= 5; number++) link.open(number, `${number}`.repeat(31) + 'f');
  for (let number = 1; number <= 5; number++) await link.next(FrameKind.opened);
  link.open(6, idOf('a'));
  assert.match(readClose(body(await link.next(FrameKind.close)))?.message ?? '', /at most 5/);
  link.send(FrameKind.data, 3, Buffer.from('still here'));
  assert.equal(body(await link.next(FrameKind.data)).toString(), 'ada:still here');
  link.ws.terminate();
});

test('garbage ends the link with the protocol close code, and nobody else notices', async () => {
  const good = await connect('token-bob');
  good.open(1, idOf('b'));
  for (const garbage of ['text', Buffer.from([9, 9, 9])]) {
    const bad = await connect('token-ada');
    bad.ws.send(garbage);
    const [code] = (await once(bad.ws, 'close')) as [number];
    assert.equal(code, 1002);
  }
  good.send(FrameKind.data, 1, Buffer.from('fine'));
  assert.equal(body(await good.next(FrameKind.data)).toString(), 'bob:fine');
  good.ws.terminate();
});

test('a revocation ends the sessions and closes the links of that person alone', async () => {
  const ada = await connect('token-ada');
  const bob = await connect('token-bob');
  ada.open(1, idOf('c'));
  bob.open(1, idOf('d'));
  await ada.next(FrameKind.opened);
  await bob.next(FrameKind.opened);
  closedSessions.length = 0;
  const closed = once(ada.ws, 'close') as Promise<[number, Buffer]>;
  assert.ok(revoke);
  const ended = await revoke({
    workspaceId: 'default',
    kind: 'user',
    id: 'id-ada',
    reason: 'disabled by the administrator',
  });
  assert.ok(ended.linksClosed >= 1);
  const [code, reason] = await closed;
  assert.deepEqual([code, reason.toString()], [4403, 'disabled by the administrator']);
  assert.ok(closedSessions.includes('disabled by the administrator'));
  bob.send(FrameKind.data, 1, Buffer.from('on'));
  assert.equal(body(await bob.next(FrameKind.data)).toString(), 'bob:on');
  bob.ws.terminate();
});
