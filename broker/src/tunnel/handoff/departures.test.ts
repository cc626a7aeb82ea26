// What a broker says of channels that it does not have any more, or never had; and the next one in its place.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FrameKind } from 'mcpgate-shared/link/frame';
import { readClose, readOpened } from 'mcpgate-shared/link/link-message';
import { memoryOfDepartures } from '../fixtures/between-brokers.ts';
import { bodyOf, createTunnelWorld, idOf, type PeerLink } from '../fixtures/tunnel-world.ts';

async function worldOf(t: TestContext, options: Parameters<typeof createTunnelWorld>[1] = {}) {
  const world = await createTunnelWorld({ leaveMs: 50 }, options);
  t.after(() => world.close());
  return world;
}

const closeOf = async (link: PeerLink) => readClose(bodyOf(await link.next(FrameKind.close)));
const saidBack = async (link: PeerLink) => bodyOf(await link.next(FrameKind.data)).toString();

test('a draining broker opens no channel, and does not read what follows the first frame', async (t) => {
  const { tunnel, connect } = await worldOf(t);
  const ada = await connect('ada');
  ada.open(1, idOf(1));
  await ada.next(FrameKind.opened);
  ada.send(FrameKind.data, 1, Buffer.from('first'));
  assert.equal(await saidBack(ada), 'ada:first'); // not acknowledged: something to finish
  const drain = tunnel.drain(10_000);
  ada.open(2, idOf(2));
  ada.send(FrameKind.data, 2, Buffer.from('a call'));
  const close = await closeOf(ada);
  assert.deepEqual([close?.code, close?.taken], ['gone', 0]);
  ada.send(FrameKind.ack, 1, Buffer.alloc(0), { ack: 1 });
  assert.deepEqual([(await closeOf(ada))?.taken, (await ada.closed).code], [1, 1012]);
  await drain;
});

test('while the broker drains, only a daemon whose channel has something to finish is let back in', async (t) => {
  const { tunnel, connect, statusOf } = await worldOf(t);
  const cut = await connect('ada');
  cut.open(1, idOf(1));
  await cut.next(FrameKind.opened);
  cut.send(FrameKind.data, 1, Buffer.from('a call'));
  await cut.next(FrameKind.data);
  cut.ws.terminate();
  await cut.closed;
  const drain = tunnel.drain(10_000);
  assert.equal(await statusOf('token-bob'), 503);
  const back = await connect('ada');
  back.open(3, idOf(1), { broker: 'this-run' });
  assert.equal(readOpened(bodyOf(await back.next(FrameKind.opened)))?.resumed, true);
  assert.equal(await saidBack(back), 'ada:a call');
  back.send(FrameKind.ack, 3, Buffer.alloc(0), { ack: 1 });
  await drain;
  assert.equal((await back.closed).code, 1012);
  assert.equal(await statusOf('token-ada'), 503);
});

test('the next broker knows up to which message each channel was read by the one that has ended', async (t) => {
  const departures = memoryOfDepartures();
  const before = await worldOf(t, { broker: 'run-1', departures });
  const ada = await before.connect('ada');
  ada.open(1, idOf(1));
  await ada.next(FrameKind.opened);
  for (const seq of [0, 1]) {
    ada.send(FrameKind.data, 1, Buffer.from(`call ${seq}`), { seq, ack: seq });
    await ada.next(FrameKind.data);
  }
  ada.send(FrameKind.ack, 1, Buffer.alloc(0), { ack: 2 });
  ada.open(2, idOf(2));
  await ada.next(FrameKind.opened);
  await before.tunnel.drain(10_000);

  const next = await worldOf(t, { broker: 'run-2', departures });
  const again = await next.connect('ada');
  const asked = async (channel: number, id: string, more: Parameters<PeerLink['open']>[2]) => {
    again.open(channel, id, more);
    return closeOf(again);
  };
  assert.deepEqual(await asked(1, idOf(1), { next: 2, broker: 'run-1' }), {
    code: 'done',
    message: 'it has ended',
    taken: 2,
  });
  assert.equal((await asked(2, idOf(2), { broker: 'run-1' }))?.taken, 0);
  assert.equal((await asked(3, idOf(3), { broker: 'run-1' }))?.taken, 0, 'its `open` was lost on the way');
  const guessed = await asked(4, idOf(1), { broker: 'run-1', secret: 'x'.repeat(43) });
  assert.deepEqual([guessed?.code, guessed?.taken], ['refused', undefined]);
  const bob = await next.connect('bob');
  bob.open(1, idOf(1), { broker: 'run-1' });
  assert.equal((await closeOf(bob))?.code, 'refused');
  assert.equal(next.sessions(), 0);
});

test('the channels of a killed broker are unknown, and start from nothing', async (t) => {
  const { connect } = await worldOf(t);
  const ada = await connect('ada');
  ada.open(1, idOf(1), { next: 5, broker: 'killed-run' });
  const opened = readOpened(bodyOf(await ada.next(FrameKind.opened)));
  assert.deepEqual([opened?.resumed, opened?.next], [false, 0]);
});

test('a channel is opened only at the broker that it is meant for, so that a resume knows where it was opened', async (t) => {
  const { connect, sessions } = await worldOf(t);
  const ada = await connect('ada');
  ada.open(1, idOf(1), { broker: 'run-before', resume: false });
  ada.send(FrameKind.data, 1, Buffer.from('a call'));
  const close = await closeOf(ada);
  assert.deepEqual([close?.code, close?.taken, sessions()], ['done', 0, 0]);
  ada.open(2, idOf(2), { broker: 'this-run', resume: false });
  assert.equal(readOpened(bodyOf(await ada.next(FrameKind.opened)))?.broker, 'this-run');
});

test('of a channel that ended while its link was lost, it is known up to which message it was read', async (t) => {
  const { connect } = await worldOf(t);
  const ada = await connect('ada');
  ada.open(1, idOf(1));
  await ada.next(FrameKind.opened);
  ada.send(FrameKind.data, 1, Buffer.from('a call'));
  await ada.next(FrameKind.data);
  ada.send(FrameKind.close, 1, Buffer.from('{"code":"done","message":""}'));
  ada.open(2, idOf(1), { next: 1, broker: 'this-run' });
  assert.equal((await closeOf(ada))?.taken, 1);
});
