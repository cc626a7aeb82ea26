// Everything hostile that can come over the tunnel: refused with its close code, logged, counted; an honest peer calls all the while.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { FRAGMENT_BYTES, FrameKind } from 'mcpgate-shared/link/frame';
import { readClose, readOpened } from 'mcpgate-shared/link/link-message';
import { bodyOf, createTunnelWorld, idOf, SECRET, type PeerLink, type TunnelWorld } from '../fixtures/tunnel-world.ts';
import type { RejectReason } from './reject-meter.ts';
import type { TunnelLimits } from '../channels/tunnel-channel.ts';

/** What this process has computed: unlike the time of day, it does not pass while the machine is busy with other things. */
function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Runs `hostile` while an honest peer asks without a pause; every one of its questions is answered, quickly. */
async function besideAnHonestPeer(
  t: TestContext,
  limits: Partial<TunnelLimits>,
  hostile: (world: TunnelWorld) => Promise<void>,
): Promise<void> {
  const world = await createTunnelWorld(limits);
  t.after(() => world.close());
  const honest = await world.connect('honest');
  honest.open(1, idOf(0xfeed));
  await honest.next(FrameKind.opened);
  let asked = 0;
  let over = false;
  let slowestMs = 0;
  const asking = (async () => {
    while (!over) {
      const askedAt = computedMs();
      honest.send(FrameKind.data, 1, Buffer.from(`question ${asked}`), { seq: asked, ack: asked });
      assert.equal(bodyOf(await honest.next(FrameKind.data)).toString(), `honest:question ${asked}`);
      asked += 1;
      slowestMs = Math.max(slowestMs, computedMs() - askedAt);
    }
  })();
  await Promise.race([hostile(world), asking]);
  over = true;
  await asking;
  assert.ok(asked > 0);
  assert.ok(slowestMs < 2_000, `${slowestMs} ms of work stood before an answer`);
  assert.doesNotMatch(world.logLines.join('\n'), new RegExp(`token-|${SECRET}`), 'no secret is logged');
  assert.equal(honest.ws.readyState, honest.ws.OPEN);
}

const rejects = ({ tunnel }: TunnelWorld, reason: RejectReason) => tunnel.stats().rejects.get(reason) ?? 0;
const closeOf = async (link: PeerLink) => readClose(bodyOf(await link.next(FrameKind.close)));

/** The upgrade by hand, so that anything can follow it. */
async function rawLink(world: TunnelWorld) {
  const socket = connect(world.port, '127.0.0.1');
  socket.on('error', () => undefined); // `close` follows
  socket.write(
    'GET /v1/tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mcpgate.v1\r\nAuthorization: Bearer token-mallory\r\n\r\n',
  );
  await once(socket, 'data');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, closed };
}

test('bytes that are no frame end their link with the code for what is wrong', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const unknownKind = Buffer.alloc(40);
    unknownKind[0] = 9;
    const reserved = Buffer.alloc(16);
    reserved.set([FrameKind.data, 128]);
    const cases: readonly [string | Buffer, number, RejectReason][] = [
      ['text', 1002, 'text'],
      [Buffer.alloc(3), 1002, 'frame'],
      [unknownKind, 4426, 'version'],
      [reserved, 4426, 'version'],
      [Buffer.alloc(70_000, 1), 4413, 'too_large'],
      [Buffer.alloc(20_000_000, 1), 4413, 'too_large'],
    ];
    for (const [bytes, code, reason] of cases) {
      const before = rejects(world, reason);
      const mallory = await world.connect('mallory');
      mallory.ws.send(bytes);
      assert.equal((await mallory.closed).code, code, reason);
      assert.equal(rejects(world, reason), before + 1);
      assert.ok(world.logLines.some((line) => line.includes(`"reason":"${reason}"`) && line.includes('192.0.2.7')));
    }
    const { socket, closed } = await rawLink(world);
    socket.write(Buffer.from([0x82, 0x01, 0x00])); // not masked
    await closed;
    assert.equal(rejects(world, 'websocket'), 1);
    const endless = await rawLink(world);
    endless.socket.write(Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])); // 2^63 bytes
    await endless.closed;
    assert.deepEqual([rejects(world, 'websocket'), rejects(world, 'too_large')], [1, 3]);
    assert.ok((world.tunnel.stats().closes.get('4413') ?? 0) >= 2);
  });
});

test('frames that no daemon sends end their link: the broker’s own kinds, channels that were never opened, broken control', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const cases: readonly [(link: PeerLink) => void, RejectReason][] = [
      [(link) => link.send(FrameKind.opened, 1, Buffer.alloc(0)), 'frame'],
      [(link) => link.send(FrameKind.control, 5, Buffer.alloc(0)), 'frame'],
      [(link) => link.send(FrameKind.data, 77, Buffer.from('x')), 'unknown_channel'],
      [(link) => link.send(FrameKind.ack, 77, Buffer.alloc(0)), 'unknown_channel'],
      [(link) => link.send(FrameKind.close, 77, Buffer.alloc(0)), 'unknown_channel'],
      [(link) => link.send(FrameKind.data, 0, Buffer.from('x')), 'unknown_channel'],
      [(link) => link.send(FrameKind.control, 0, Buffer.from('{"type":"draining"}')), 'control'],
      [(link) => link.send(FrameKind.control, 0, Buffer.from([0xff, 0xfe, 0x00])), 'control'],
      [(link) => link.send(FrameKind.open, 1, Buffer.from('{"id":"short"}')), 'open'],
      [(link) => link.open(0, idOf(9)), 'open'],
    ];
    for (const [send, reason] of cases) {
      const before = rejects(world, reason);
      const mallory = await world.connect('mallory');
      send(mallory);
      assert.equal((await mallory.closed).code, 1002, reason);
      assert.equal(rejects(world, reason), before + 1);
    }
  });
});

test('a frame for a channel that was just closed is no offence', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const link = await world.connect('ada');
    link.open(3, idOf(1));
    link.open(4, idOf(2));
    await link.next(FrameKind.opened);
    link.send(FrameKind.close, 3, Buffer.from('{"code":"gone"}'));
    link.send(FrameKind.data, 3, Buffer.from('late'));
    link.send(FrameKind.data, 4, Buffer.from('still'));
    assert.equal(bodyOf(await link.next(FrameKind.data)).toString(), 'ada:still');
  });
});

test('fragments out of order, and acknowledgements of what was never sent, end that channel and no other', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const link = await world.connect('mallory');
    for (const number of [1, 2, 3]) link.open(number, idOf(number));
    link.send(FrameKind.data, 1, Buffer.from('x'), { seq: 7 });
    assert.equal((await closeOf(link))?.code, 'protocol');
    link.send(FrameKind.ack, 2, Buffer.alloc(0), { ack: 99 });
    assert.equal((await closeOf(link))?.code, 'protocol');
    link.send(FrameKind.data, 3, Buffer.from('fine'));
    assert.equal(bodyOf(await link.next(FrameKind.data)).toString(), 'mallory:fine');
    assert.equal(rejects(world, 'sequence'), 2);
  });
});

test('a resume secret is worth nothing to others, and nothing once its channel has ended', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const ada = await world.connect('ada');
    ada.open(1, idOf(0xada));
    await ada.next(FrameKind.opened);
    const mallory = await world.connect('mallory');
    mallory.open(1, idOf(0xada)); // the very secret, overheard
    assert.equal((await closeOf(mallory))?.code, 'refused');
    mallory.open(2, idOf(0xada), { secret: 'x'.repeat(43) });
    assert.equal((await closeOf(mallory))?.code, 'refused');
    assert.equal(rejects(world, 'channel_secret'), 2);
    ada.send(FrameKind.data, 1, Buffer.from('mine'));
    assert.equal(bodyOf(await ada.next(FrameKind.data)).toString(), 'ada:mine');
    ada.send(FrameKind.close, 1, Buffer.from('{"code":"gone"}'));
    ada.open(2, idOf(0xada), { next: 1 });
    const opened = readOpened(bodyOf(await ada.next(FrameKind.opened)));
    assert.deepEqual([opened?.resumed, opened?.next], [false, 0], 'replayed after its end: an empty channel');
  });
});

test('10,000 channels from one link: those over the limit are refused, then the link is closed, and nothing of it stays', async (t) => {
  await besideAnHonestPeer(t, { resumeMs: 50 }, async (world) => {
    const mallory = await world.connect('mallory');
    for (let number = 1; number <= 10_000; number++) mallory.open(number, idOf(number));
    const refused = await closeOf(mallory);
    assert.deepEqual([refused?.code, refused?.message], ['refused', 'one link carries at most 1000 channels']);
    const { code, reason } = await mallory.closed;
    assert.deepEqual([code, reason], [4429, 'channels are opened too often']);
    assert.ok(rejects(world, 'too_many_channels') >= 1000);
    assert.ok(world.logLines.length < 40, `${world.logLines.length} lines`);
    while (world.sessions() > 1) await new Promise((resolve) => setImmediate(resolve)); // after the resume window
    assert.equal(world.tunnel.stats().channels, 1);
  });
});

test('many links from one login: past the bound an upgrade is refused with 429, and other logins get theirs', async (t) => {
  await besideAnHonestPeer(t, { linksPerOwner: 4 }, async (world) => {
    const links = await Promise.all(Array.from({ length: 4 }, () => world.connect('mallory')));
    assert.equal(await world.statusOf('token-mallory'), 429);
    assert.equal(rejects(world, 'too_many_links'), 1);
    await world.connect('ada');
    links[0]?.ws.close();
    while (world.tunnel.stats().links > 5) await new Promise((resolve) => setImmediate(resolve));
    await world.connect('mallory');
  });
});

test('links that are opened and closed without end are refused for a while', async (t) => {
  await besideAnHonestPeer(t, { upgrades: { burst: 5, perSecond: 0.01 } }, async (world) => {
    for (let turn = 0; turn < 5; turn++) (await world.connect('mallory')).ws.terminate();
    assert.equal(await world.statusOf('token-mallory'), 429);
    await world.connect('ada');
  });
});

test('channels that are opened and left without end: the oldest that wait give way, and the link ends at its rate', async (t) => {
  await besideAnHonestPeer(t, { channelsPerOwner: 50, opens: { burst: 300, perSecond: 1 } }, async (world) => {
    for (let turn = 0; turn < 5; turn++) {
      const link = await world.connect('mallory');
      for (let number = 1; number <= 40; number++) link.open(number, idOf(turn * 100 + number));
      for (let number = 1; number <= 40; number++) await link.next(FrameKind.opened);
      link.ws.terminate();
      while (world.tunnel.stats().links > 1) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(world.tunnel.stats().channels, 51);
    const churner = await world.connect('churner');
    for (let number = 1; number <= 400; number++) {
      churner.open(number, idOf(number));
      churner.send(FrameKind.close, number, Buffer.from('{"code":"gone"}'));
    }
    assert.equal((await churner.closed).code, 4429);
  });
});

test('a peer that asks and never reads is cut, and what is kept for it is bounded', async (t) => {
  const limits = { heartbeatMs: 20, silentMs: 60_000, stalledMs: 300, memoryPerOwnerBytes: 8 * 1024 * 1024 };
  await besideAnHonestPeer(t, limits, async (world) => {
    const mallory = await world.connect('mallory');
    mallory.open(1, idOf(1), { windowBytes: 0xffff_ffff });
    await mallory.next(FrameKind.opened);
    mallory.ws.pause();
    for (let seq = 0; seq < 60; seq++) mallory.send(FrameKind.data, 1, Buffer.from('fill 1000000'), { seq });
    let worst = 0;
    while (world.tunnel.stats().links > 1) {
      const { backlogBytes, socketBytes } = world.tunnel.stats();
      worst = Math.max(worst, backlogBytes + socketBytes);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(worst < 12 * 1024 * 1024, `${worst} bytes were kept`);
    assert.ok(rejects(world, 'slow_reader') + rejects(world, 'memory') >= 1);
    mallory.ws.terminate();
  });
});

test('answers to a peer that floods with pings or opens and does not read do not pile up', async (t) => {
  await besideAnHonestPeer(t, { socketBytes: 64 * 1024, pings: { burst: 1e6, perSecond: 1 } }, async (world) => {
    const mallory = await world.connect('mallory');
    mallory.ws.pause();
    let worst = 0;
    const watch = setInterval(() => (worst = Math.max(worst, world.tunnel.stats().socketBytes)), 1);
    t.after(() => clearInterval(watch));
    for (let turn = 0; turn < 200 && world.tunnel.stats().links > 1; turn++) {
      for (let i = 0; i < 500; i++) mallory.ws.ping(Buffer.alloc(125));
      await new Promise((resolve) => mallory.ws.ping(undefined, undefined, resolve));
    }
    while (world.tunnel.stats().links > 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(worst < 1024 * 1024, `${worst} bytes waited`);
    assert.equal(rejects(world, 'slow_reader'), 1);
  });
});

test('floods of pings and of token renewals are refused', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    const pinging = await world.connect('mallory');
    for (let i = 0; i < 200; i++) pinging.ws.ping();
    assert.equal((await pinging.closed).code, 4429);
    const renewing = await world.connect('mallory');
    const renewal = Buffer.from('{"type":"token","token":"token-mallory"}');
    for (let i = 0; i < 50; i++) renewing.send(FrameKind.control, 0, renewal);
    assert.equal((await renewing.closed).code, 4429);
    const wrong = await world.connect('mallory');
    wrong.send(FrameKind.control, 0, Buffer.from('{"type":"token","token":"token-ada"}'));
    assert.equal((await wrong.closed).code, 4401, 'a token of somebody else');
  });
});

test('half a WebSocket frame, and silence, end after the silent time', async (t) => {
  await besideAnHonestPeer(t, { heartbeatMs: 50, silentMs: 1_500 }, async (world) => {
    const half = await rawLink(world);
    half.socket.write(Buffer.from([0x82, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5])); // 4 KiB are announced
    const dribble = setInterval(() => half.socket.write(Buffer.from([0])), 10);
    t.after(() => clearInterval(dribble));
    const silent = await world.connect('mallory', { autoPong: false });
    assert.equal((await silent.closed).code, 4408);
    await half.closed;
    assert.equal(rejects(world, 'silent'), 2);
  });
});

test('messages that never end are kept up to the bound of their login', async (t) => {
  await besideAnHonestPeer(t, { memoryPerOwnerBytes: 4 * 1024 * 1024 }, async (world) => {
    const mallory = await world.connect('mallory');
    const piece = Buffer.alloc(FRAGMENT_BYTES, 1);
    for (let number = 1; number <= 8; number++) {
      mallory.open(number, idOf(number));
      for (let seq = 0; seq < 16; seq++) mallory.send(FrameKind.data, number, piece, { seq, flags: 0 });
    }
    assert.equal((await closeOf(mallory))?.code, 'overflow');
    assert.ok(world.tunnel.stats().partialBytes <= 4 * 1024 * 1024);
    const tiny = await world.connect('mallory');
    tiny.open(1, idOf(100));
    tiny.send(FrameKind.data, 1, Buffer.from('x'), { flags: 0 });
    assert.equal((await tiny.closed).code, 1002, 'crumbs of a message cost more than their bytes');
  });
});

test('a flood of rejects is counted wholly and logged in part', async (t) => {
  await besideAnHonestPeer(t, {}, async (world) => {
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 10 }, () => world.statusOf('wrong')));
    }
    assert.equal(rejects(world, 'token'), 400);
    assert.ok(world.logLines.length < 40, `${world.logLines.length} lines`);
    assert.ok(world.events.length >= 20 && world.events.length < 100, `${world.events.length} events`);
  });
});
