import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { WebSocketServer, type WebSocket } from 'ws';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { FrameKind, HEADER_BYTES, writeFrame } from 'mcpgate-shared/link/frame';
import { readLinkMessage, toPayload, type LinkMessage } from 'mcpgate-shared/link/link-message';
import type { TokenResult } from '../auth/token-source.ts';
import { createBrokerLink } from './broker-link.ts';

const control = (message: LinkMessage) =>
  writeFrame({ kind: FrameKind.control, flags: 0, channel: 0, seq: 0, ack: 0 }, toPayload(message));

/** A broker's end on a real WebSocket that answers as it is told to, and a link to it. */
async function world(
  t: TestContext,
  token: () => TokenResult = () => ({ kind: 'token', token: 'a', expiresAt: null }),
  random: () => number = () => 0,
) {
  const clock = steppedClock();
  let refusal: { status: number; description: string; retryAfterS?: number } | undefined;
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    autoPong: false,
    verifyClient(_info, answer) {
      if (refusal === undefined) return answer(true);
      const challenge = `Bearer error="invalid_token", error_description="${refusal.description}"`;
      answer(false, refusal.status, '{}', {
        'Content-Type': 'application/json',
        'www-authenticate': challenge,
        ...(refusal.retryAfterS !== undefined && { 'retry-after': String(refusal.retryAfterS) }),
      });
    },
  });
  await once(server, 'listening');
  const sockets: WebSocket[] = [];
  const states: string[] = [];
  const opened: [url: string, broker: string][] = [];
  let wake = () => {};
  const headers: IncomingHttpHeaders[] = [];
  server.on('connection', (socket, request) => {
    headers.push(request.headers);
    sockets.push(socket);
    socket.send(
      control({ type: 'welcome', user: 'ada', workspace: 'default', version: '1', expiresAt: clock.now() + 10_000 }),
    );
  });
  const link = createBrokerLink({
    tokens: {
      broker: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: () => Promise.resolve(token()),
    },
    clock,
    random,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    instance: 'test',
    words: (text) => text,
    pages: {
      available: () => Promise.resolve(true),
      async open(...page) {
        opened.push(page);
      },
    },
    socketOptions: () => ({}),
    onFrame: () => undefined,
    isSuccessor: false,
    onDraining() {},
    onRetired() {},
    onWritable: () => undefined,
    onState(state) {
      states.push(state);
      wake();
    },
  });
  t.after(() => {
    link.close();
    for (const socket of sockets) socket.terminate();
    server.close();
  });
  const reach = async (state: string) => {
    while (link.state !== state) await new Promise<void>((resolve) => (wake = resolve));
  };
  const socket = (): WebSocket => sockets.at(-1) ?? assert.fail('no link was opened');
  const refuse = (status: number, description: string, retryAfterS?: number) =>
    void (refusal = { status, description, ...(retryAfterS !== undefined && { retryAfterS }) });
  const accept = () => void (refusal = undefined);
  return { clock, link, sockets, states, opened, headers, reach, socket, refuse, accept };
}

test('a token is renewed in-band before its end, and the socket stays', async (t) => {
  let issued = 0;
  const { clock, link, reach, socket, sockets } = await world(t, () => ({
    kind: 'token',
    token: `token-${++issued}`,
    expiresAt: null,
  }));
  link.wake();
  await reach('open');
  const message = once(socket(), 'message') as Promise<[Buffer]>;
  clock.advance(8_000);
  const [frame] = await message;
  assert.deepEqual(readLinkMessage(frame.subarray(HEADER_BYTES)), { type: 'token', token: 'token-2' });
  assert.equal(sockets.length, 1);
});

test('a daemon says in the upgrade that it can open pages, and hands over the one that the broker sends with the broker’s origin', async (t) => {
  const { link, reach, socket, opened, headers } = await world(t);
  link.wake();
  await reach('open');
  assert.equal(headers[0]?.['mcpgate-pages'], 'yes');
  socket().send(control({ type: 'page', url: 'https://gate.example/accounts/jira' }));
  socket().send(
    Buffer.from(control({ type: 'page', url: 'x' }).toString('latin1').replace('"page"', '"what"'), 'latin1'),
  );
  const ponged = once(socket(), 'pong');
  socket().ping();
  await ponged;
  assert.deepEqual(opened, [['https://gate.example/accounts/jira', link.broker]]);
  assert.equal(link.state, 'open', 'a message that it does not know is nothing to it');
});

test('after a sleep a link that does not answer within two seconds is given up, and a new one is opened', async (t) => {
  const { clock, link, reach, states, sockets, socket } = await world(t);
  link.wake();
  await reach('open');
  const pinged = once(socket(), 'ping');
  clock.sleep(3_600_000);
  await pinged; // and no pong: the network is another one
  clock.advance(2_000);
  await reach('waiting');
  clock.advance(1_000);
  await reach('open');
  assert.equal(sockets.length, 2);
  assert.deepEqual(states.slice(0, 2), ['connecting', 'open']);
});

test('a revoked link is not opened again by itself', async (t) => {
  const { clock, link, reach, sockets, socket } = await world(t);
  link.wake();
  await reach('open');
  socket().close(4403, 'disabled');
  await reach('revoked');
  clock.advance(120_000);
  assert.equal(sockets.length, 1);
  assert.match(link.message ?? '', /revoked \(disabled\).*mcpgate login/);
});

test('a grant of the environment that is refused says why, and that it is to be replaced there', async (t) => {
  const remedy = 'set MCPGATE_TOKEN to another grant';
  const answer: TokenResult = { kind: 'token', token: 'mcg_x', expiresAt: null, remedy };
  const { link, reach, refuse } = await world(t, () => answer);
  for (const [status, description, state] of [
    [401, 'this grant has expired; ask your platform team for a new one', 'login_needed'],
    [403, 'this grant may not be used from this address; ask your platform team', 'revoked'],
  ] as const) {
    refuse(status, description);
    link.wake();
    await reach(state);
    assert.ok(link.message?.startsWith(description) && link.message.endsWith(remedy), link.message ?? '');
  }
});

test('a login that the broker revoked goes on saying why, whoever asks again, until there is another login or none', async (t) => {
  let answer: TokenResult = { kind: 'token', token: 'a', expiresAt: null };
  const { link, reach, socket } = await world(t, () => answer);
  link.wake();
  await reach('open');
  socket().close(4403, 'ada was disabled');
  await reach('revoked');
  answer = { kind: 'login_needed', message: 'the login has ended', ended: true };
  link.wake();
  assert.equal(link.state, 'connecting');
  await reach('revoked');
  assert.match(link.message ?? '', /ada was disabled.*mcpgate login/);
  answer = { kind: 'login_needed', message: 'not logged in: run `mcpgate login`' };
  link.wake();
  await reach('login_needed');
  assert.match(link.message ?? '', /^not logged in/);
});

test('a broker that turns the link away for what it sent is not asked again at once, and ever more rarely', async (t) => {
  const worst = () => 1;
  const { clock, link, reach, socket, sockets } = await world(t, undefined, worst);
  link.wake();
  for (const [closes, waitMs] of [
    [1, 4_000],
    [2, 8_000],
    [3, 16_000],
  ] as const) {
    await reach('open');
    socket().close(4429, 'too many channels');
    await reach('waiting');
    clock.advance(waitMs - 500);
    assert.deepEqual([link.state, sockets.length], ['waiting', closes]);
    clock.advance(500);
  }
  await reach('open');
});

test('a refresh that is refused because of a revocation, which the broker says a moment later, ends as revoked', async (t) => {
  let isRefused = false;
  let asked = () => {};
  const { clock, link, reach, states, socket } = await world(t, () => {
    asked();
    return isRefused
      ? { kind: 'login_needed', message: 'the login has ended' }
      : { kind: 'token', token: 'a', expiresAt: null };
  });
  link.wake();
  await reach('open');
  isRefused = true;
  const renewed = new Promise<void>((resolve) => (asked = resolve));
  clock.advance(8_000);
  await renewed;
  socket().close(4403, 'the device was revoked');
  await reach('revoked');
  clock.advance(10_000);
  assert.deepEqual(states, ['connecting', 'open', 'revoked']);
});

test('a refused refresh asks for a login and stops; a passing trouble is tried again', async (t) => {
  let answer: TokenResult = { kind: 'retry', message: 'no network' };
  const { clock, link, reach } = await world(t, () => answer);
  link.wake();
  await reach('waiting');
  answer = { kind: 'login_needed', message: 'the login has ended: run `mcpgate login`' };
  clock.advance(1_000);
  await reach('login_needed');
  assert.match(link.message ?? '', /mcpgate login/);
});

test('after a loss that nobody announced, a broker that comes back while calls are held is found within five seconds', async (t) => {
  let answer: TokenResult = { kind: 'token', token: 'a', expiresAt: null };
  const worst = () => 1;
  const { clock, link, reach, socket } = await world(t, () => answer, worst);
  link.wake();
  await reach('open');
  answer = { kind: 'retry', message: 'no network' };
  socket().terminate();
  await reach('waiting');
  for (let lostMs = 0; lostMs < 25_000; lostMs += 500) {
    clock.advance(500);
    await reach('waiting');
  }
  answer = { kind: 'token', token: 'a', expiresAt: null };
  clock.advance(5_000);
  assert.equal(link.state, 'connecting');
  await reach('open');
});

test('a broker that is full is asked again around the time that it names: sooner by half of it at the most, later by as much', async (t) => {
  for (const [drawn, afterMs] of [
    [0, 4_000],
    [1, 12_000],
  ] as const) {
    const { clock, link, reach, refuse, accept } = await world(t, undefined, () => drawn);
    refuse(503, 'too many come at once', 8);
    link.wake();
    await reach('waiting');
    accept();
    clock.advance(afterMs - 1);
    assert.equal(link.state, 'waiting');
    clock.advance(1);
    await reach('open');
  }
});
