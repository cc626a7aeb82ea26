// Answers whose laptop is away when their broker ends, or has come to another one.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { FrameKind, readFrame } from 'mcpgate-shared/link/frame';
import { readClose, readOpened } from 'mcpgate-shared/link/link-message';
import { memoryOfDepartures, memoryOfLeftChannels, sharedBus } from '../fixtures/between-brokers.ts';
import { bodyOf, createTunnelWorld, idOf, type PeerLink, type TunnelWorld } from '../fixtures/tunnel-world.ts';

const NOTHING = Buffer.alloc(0);

const openedOf = async (link: PeerLink) => readOpened(bodyOf(await link.next(FrameKind.opened)));
const closeOf = async (link: PeerLink) => readClose(bodyOf(await link.next(FrameKind.close)));
const dataOf = async (link: PeerLink) => {
  const frame = await link.next(FrameKind.data);
  const header = readFrame(frame);
  assert.ok(typeof header === 'object');
  return { seq: header.seq, ack: header.ack, text: bodyOf(frame).toString() };
};

/** Brokers over one database, and on one bus where they have been named. */
function brokersOf(t: TestContext, ...names: string[]) {
  const departures = memoryOfDepartures();
  const leftChannels = memoryOfLeftChannels();
  const { busOf, gone } = sharedBus(...names);
  const start = async (broker: string, limits: Parameters<typeof createTunnelWorld>[0] = {}) => {
    const own = { broker, departures, leftChannels, ...(names.includes(broker) && { bus: busOf(broker) }) };
    const world = await createTunnelWorld({ leaveMs: 50, ...limits }, own);
    t.after(() => world.close());
    return world;
  };
  return { start, leftChannels, gone };
}

/** Ada's channel 1, whose link is lost when `messages` have been said: all that the broker has answered it did not acknowledge. */
async function loseLink({ connect, held }: TunnelWorld, messages: readonly string[]) {
  const link = await connect('ada');
  link.open(1, idOf(1));
  await link.next(FrameKind.opened);
  for (const [seq, message] of messages.entries()) {
    link.send(FrameKind.data, 1, Buffer.from(message), { seq });
    if (message === 'hold') await held();
    else await link.next(FrameKind.data);
  }
  link.ws.terminate();
  await link.closed;
}

test('the next broker delivers the missing answers under the same numbers, and then says up to which message the channel was read', async (t) => {
  const { start, leftChannels } = brokersOf(t);
  const before = await start('run-1');
  await loseLink(before, ['one', 'two', 'hold']);
  before.release();
  await before.tunnel.drain(0);
  assert.equal(leftChannels.all.length, 1);
  assert.ok(!Buffer.from(leftChannels.all[0]?.sealed ?? []).includes('released'), 'it is sealed');

  const next = await start('run-2');
  const cut = await next.connect('ada');
  cut.open(1, idOf(1), { next: 1, broker: 'run-1' });
  const opened = await openedOf(cut);
  assert.deepEqual([opened?.resumed, opened?.next], [true, 3]);
  cut.send(FrameKind.data, 1, Buffer.from('late'), { seq: 3, ack: 1 });
  assert.deepEqual(await dataOf(cut), { seq: 1, ack: 3, text: 'ada:two' });
  assert.deepEqual(await dataOf(cut), { seq: 2, ack: 3, text: 'released' });
  cut.send(FrameKind.ack, 1, NOTHING, { ack: 2 });
  cut.ws.terminate();
  await cut.closed;

  const third = await start('run-3');
  const back = await third.connect('ada');
  back.open(1, idOf(1), { next: 2, broker: 'run-1' });
  assert.equal((await openedOf(back))?.resumed, true);
  assert.deepEqual(await dataOf(back), { seq: 2, ack: 3, text: 'released' });
  back.send(FrameKind.ack, 1, NOTHING, { ack: 3 });
  assert.deepEqual(await closeOf(back), { code: 'done', message: 'it has ended', taken: 3 });
  assert.deepEqual(
    leftChannels.all.map(({ sealed }) => sealed),
    [null],
  );
  back.open(2, idOf(1), { next: 3, broker: 'run-1' });
  assert.equal((await closeOf(back))?.taken, 3);
  assert.deepEqual([next.sessions(), third.sessions()], [0, 0]);
});

test('kept answers are given only to their owner with the channel’s secret', async (t) => {
  const { start } = brokersOf(t);
  const before = await start('run-1');
  await loseLink(before, ['one']);
  await before.tunnel.drain(0);
  const next = await start('run-2');
  const [ada, bob] = [await next.connect('ada'), await next.connect('bob')];
  ada.open(1, idOf(1), { broker: 'run-1', secret: 'x'.repeat(43) });
  assert.equal((await closeOf(ada))?.code, 'refused');
  bob.open(1, idOf(1), { broker: 'run-1' });
  assert.equal((await closeOf(bob))?.code, 'refused');
  ada.open(2, idOf(1), { broker: 'run-1' });
  assert.equal((await dataOf(ada)).text, 'ada:one');
});

test('kept answers of an owner who is revoked meanwhile are given to nobody', async (t) => {
  const { start, leftChannels } = brokersOf(t);
  const before = await start('run-1');
  await loseLink(before, ['one']);
  await before.tunnel.drain(0);
  const next = await start('run-2');
  await next.revoke('bob');
  assert.equal(leftChannels.all.length, 1);
  await next.revoke('ada');
  assert.equal(leftChannels.all.length, 0);
  const back = await next.connect('ada');
  back.open(1, idOf(1), { broker: 'run-1' });
  assert.equal((await closeOf(back))?.taken, 1);
});

test('a channel whose laptop is at another broker is handed over once no call runs on it, and has ended at the first', async (t) => {
  const { start } = brokersOf(t, 'run-1', 'run-2');
  const [first, second] = [await start('run-1'), await start('run-2')];
  await loseLink(first, ['hold']);
  const ada = await second.connect('ada');
  ada.open(1, idOf(1), { broker: 'run-1' });
  ada.open(2, idOf(2), { broker: 'run-2', resume: false });
  await ada.next(FrameKind.opened);
  assert.deepEqual([first.tunnel.stats().channels, second.tunnel.stats().awaited], [1, 1], 'a call runs there');
  first.release();
  assert.equal((await openedOf(ada))?.resumed, true);
  assert.equal((await dataOf(ada)).text, 'released');
  assert.deepEqual([first.tunnel.stats().channels, first.sessions(), second.tunnel.stats().awaited], [0, 0, 0]);

  const back = await first.connect('ada');
  back.open(1, idOf(1), { broker: 'run-1' });
  assert.deepEqual(await dataOf(back), { seq: 0, ack: 1, text: 'released' }, 'it is not lost should she come back');
  back.send(FrameKind.ack, 1, NOTHING, { ack: 1 });
  assert.equal((await closeOf(back))?.taken, 1);
});

test('a channel with a link is not handed over, nor one that is asked for with another secret', async (t) => {
  const { start } = brokersOf(t, 'run-1', 'run-2');
  const [first, second] = [await start('run-1'), await start('run-2')];
  const here = await first.connect('ada');
  here.open(1, idOf(1));
  await here.next(FrameKind.opened);
  const there = await second.connect('ada');
  there.open(1, idOf(1), { broker: 'run-1', secret: 'x'.repeat(43) });
  there.open(2, idOf(1), { broker: 'run-1' });
  there.open(3, idOf(3), { broker: 'run-2', resume: false });
  await there.next(FrameKind.opened);
  here.send(FrameKind.data, 1, Buffer.from('still here'));
  assert.equal((await dataOf(here)).text, 'ada:still here');
  here.ws.terminate();
  await here.closed;
  assert.equal((await openedOf(there))?.resumed, true);
  assert.equal((await dataOf(there)).text, 'ada:still here');
  assert.equal((await closeOf(there))?.code, 'refused', 'the one who only guessed');
});

test('a link that is half open does not keep its channel from the broker where the laptop is', async (t) => {
  const { start } = brokersOf(t, 'run-1', 'run-2');
  const [first, second] = [await start('run-1', { silentMs: 600_000 }), await start('run-2')];
  const here = await first.connect('ada');
  here.open(1, idOf(1));
  await here.next(FrameKind.opened);
  here.send(FrameKind.data, 1, Buffer.from('one'));
  await here.next(FrameKind.data);
  here.ws.pause(); // nothing answers there any more
  const there = await second.connect('ada');
  there.open(1, idOf(1), { broker: 'run-1' });
  assert.equal((await dataOf(there)).text, 'ada:one');
  assert.equal(first.tunnel.stats().closes.get('4408'), 1);
});

test('an answer of many fragments that was cut in the middle continues after the fragments that the laptop has', async (t) => {
  const { start } = brokersOf(t);
  const before = await start('run-1');
  const link = await before.connect('ada');
  link.open(1, idOf(1), { windowBytes: 70_000 });
  await link.next(FrameKind.opened);
  link.send(FrameKind.data, 1, Buffer.from('fill 300000'));
  const [first, second] = [await dataOf(link), await dataOf(link)];
  link.ws.terminate();
  await link.closed;
  await before.tunnel.drain(0);
  const next = await start('run-2');
  const back = await next.connect('ada');
  back.open(1, idOf(1), { next: 1, broker: 'run-1' });
  const rest = [];
  for (let seq = 1; seq < 5; seq += 1) rest.push(await dataOf(back));
  assert.deepEqual(
    rest.map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  assert.deepEqual(rest[0], second);
  assert.equal(first.text + rest.map(({ text }) => text).join(''), '.'.repeat(300_000));
  back.send(FrameKind.ack, 1, NOTHING, { ack: 5 });
  assert.equal((await closeOf(back))?.taken, 1);
});

test('a channel that the other broker never had is reported as unread, and cannot be opened there any more', async (t) => {
  const { start } = brokersOf(t, 'run-1', 'run-2');
  const [first, second] = [await start('run-1'), await start('run-2')];
  const late = await first.connect('ada');
  const ada = await second.connect('ada');
  ada.open(1, idOf(1), { broker: 'run-1' });
  assert.equal((await closeOf(ada))?.taken, 0);
  late.open(1, idOf(1), { broker: 'run-1', resume: false });
  late.send(FrameKind.data, 1, Buffer.from('a call'));
  assert.deepEqual([(await closeOf(late))?.taken, first.sessions()], [0, 0]);
});

test('the wait ends when the other broker disappears, and when the laptop does', async (t) => {
  const { start, gone } = brokersOf(t, 'run-1', 'run-2');
  const [first, second] = [await start('run-1'), await start('run-2')];
  await loseLink(first, ['hold']);
  const [ada, other] = [await second.connect('ada'), await second.connect('ada')];
  for (const link of [ada, other]) {
    link.open(1, idOf(1), { broker: 'run-1' });
    link.open(2, link === ada ? idOf(2) : idOf(3), { broker: 'run-2', resume: false });
    await link.next(FrameKind.opened);
  }
  assert.equal(second.tunnel.stats().awaited, 2);
  other.ws.terminate();
  await other.closed;
  gone('run-1');
  assert.equal((await openedOf(ada))?.resumed, false, 'nobody can tell');
  assert.equal(second.tunnel.stats().awaited, 0);
});
