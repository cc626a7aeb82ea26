// Channels of this broker whose laptops are at another one: when each is given up, and to whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { BusEvent } from '../../domain/bus.ts';
import type { ChannelEnd, WantedChannel } from '../../domain/channel-end.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import { createEndedChannels } from './ended-channels.ts';
import { createHandover } from './handover.ts';
import type { Left, LeftChannels } from './left-channels.ts';
import type { TunnelChannel } from '../channels/tunnel-channel.ts';

const KEPT = { first: 3, fragments: [] };
const endOf = (id: string): ChannelEnd => ({ id, owner: 'ada', secretHash: 'ab', taken: 7 });
const wantedOf = (id: string, more: Partial<WantedChannel> = {}): WantedChannel => {
  const { owner, secretHash } = endOf(id);
  return { id, owner, secretHash, ...more };
};

/** A broker with the channel `here`, which has no link and nothing under way unless its test says so. */
function open({ maxEnded = 10 } = {}) {
  const stepped = steppedClock();
  let looks = 0;
  const clock = {
    ...stepped,
    after(ms: number, look: () => void) {
      looks += 1;
      return stepped.after(ms, look);
    },
  };
  const listeners = new Set<(event: BusEvent) => void>();
  const lefts: Left[] = [];
  const said: string[] = [];
  const failures: Error[] = [];
  const channel = { carrier: undefined as object | undefined, pending: 0, kept: true };
  const channels = new Map<string, unknown>([
    [
      'here',
      {
        get carrier() {
          return channel.carrier;
        },
        session: {
          get pending() {
            return channel.pending;
          },
        },
        end: () => endOf('here'),
      },
    ],
  ]);
  const registry = {
    find: (id: string) => channels.get(id) as TunnelChannel | undefined,
    giveUp() {
      channels.delete('here');
      return channel.kept ? KEPT : undefined;
    },
  } as unknown as ChannelRegistry;
  const left = {
    add: (one: Left) => void lefts.push(one),
    has: (id: string) => lefts.some(({ end }) => end.id === id),
    write() {
      said.push('written');
      const failure = failures.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  } as unknown as LeftChannels;
  const ended = createEndedChannels({ clock, keepMs: 60_000, max: maxEnded });
  const handover = createHandover({
    ...{ broker: 'run-1', registry, ended, left, clock },
    bus: {
      listen(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    onError: (error) => said.push(String(error)),
  });
  const tell = (event: BusEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  const want = (wanted: WantedChannel, broker = 'run-1') => {
    const message = { kind: 'wanted', broker, channels: [wanted] } as const;
    tell({ kind: 'message', from: { name: 'other', location: '' }, message });
  };
  return {
    clock,
    lefts,
    said,
    failures,
    channel,
    channels,
    ended,
    handover,
    tell,
    want,
    listeners,
    looks: () => looks,
  };
}

test('a channel without a link and without a running call is handed over at once, with the answers its laptop has not got', () => {
  const { want, lefts, channels, said } = open();
  want(wantedOf('here'));
  assert.deepEqual(lefts, [{ end: endOf('here'), kept: KEPT }]);
  assert.deepEqual([channels.size, said], [0, ['written']]);
  want(wantedOf('here'));
  assert.equal(lefts.length, 1, 'it is left once');
  assert.deepEqual(said, ['written', 'written'], 'and written again, should it not be in the store');
});

test('a channel whose laptop has all answers is handed over without any', () => {
  const { want, lefts, channel } = open();
  channel.kept = false;
  want(wantedOf('here'));
  assert.deepEqual(lefts, [{ end: endOf('here') }]);
});

test('a channel with a link is kept while its link is checked, and handed over once the link is gone and no call runs', () => {
  const { clock, want, lefts, channel } = open();
  let doubts = 0;
  channel.carrier = { checkAlive: () => void (doubts += 1) };
  channel.pending = 1;
  want(wantedOf('here'));
  assert.equal(doubts, 1);
  clock.advance(1_000);
  channel.carrier = undefined;
  clock.advance(1_000);
  assert.equal(lefts.length, 0, 'a call runs');
  channel.pending = 0;
  clock.advance(49);
  assert.equal(lefts.length, 0);
  clock.advance(1);
  assert.equal(lefts.length, 1);
});

test('a request that is not repeated for seven seconds is forgotten; a repeated one is kept', () => {
  for (const asksAgain of [false, true]) {
    const { clock, want, lefts, channel, listeners } = open();
    channel.pending = 1;
    want(wantedOf('here'));
    clock.advance(5_000);
    if (asksAgain) want(wantedOf('here'));
    clock.advance(2_100);
    channel.pending = 0;
    clock.advance(50);
    assert.equal(lefts.length, asksAgain ? 1 : 0);
    assert.equal(listeners.size, 1);
  }
});

test('a request still counts exactly seven seconds after it was made', () => {
  const { clock, want, lefts, channel } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  clock.advance(6_999);
  channel.pending = 0;
  clock.advance(1);
  assert.equal(lefts.length, 1);
});

test('requested channels are checked twenty times a second, however often they are asked for, and only while they are', () => {
  const { clock, want, channel, looks } = open();
  channel.pending = 1;
  for (let times = 0; times < 3; times++) want(wantedOf('here'));
  assert.equal(looks(), 1);
  clock.advance(100);
  assert.equal(looks(), 3);
  channel.pending = 0;
  clock.advance(10_000);
  assert.equal(looks(), 3, 'it has been left');
});

test('asking for an ended channel does not extend the time for which it is remembered', () => {
  const { clock, want, ended } = open();
  ended.add(endOf('ended'));
  clock.advance(50_000);
  want(wantedOf('ended'));
  clock.advance(10_001);
  ended.add(endOf('another'));
  assert.equal(ended.find('ended'), undefined);
});

test('a requested channel that has ended meanwhile is checked no longer', () => {
  const { clock, want, lefts, channel, channels } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  channels.clear();
  clock.advance(10_000);
  assert.deepEqual(lefts, []);
});

test('a request for a channel of another owner, or with another secret, gets nothing and ends nothing', () => {
  for (const more of [{ owner: 'bob' }, { secretHash: 'cd' }]) {
    const { clock, want, lefts, channels, ended, said } = open();
    want(wantedOf('here', more));
    ended.add(endOf('ended'));
    want(wantedOf('ended', more));
    clock.advance(10_000);
    assert.deepEqual([lefts, channels.size, said], [[], 1, []], JSON.stringify(more));
  }
});

test('requests to other brokers and other messages of the bus are ignored', () => {
  const { clock, want, lefts, tell } = open();
  want(wantedOf('here'), 'run-2');
  tell({ kind: 'message', from: { name: 'other', location: '' }, message: { kind: 'servers' } });
  tell({ kind: 'found' });
  clock.advance(10_000);
  assert.deepEqual(lefts, []);
});

test('an ended channel is recorded as it ended, and one that never existed as unread, and it can never be opened', () => {
  const { want, lefts, ended } = open();
  ended.add(endOf('ended'));
  want(wantedOf('ended'));
  assert.deepEqual(lefts, [{ end: endOf('ended') }]);
  want(wantedOf('unknown'));
  const never = { ...wantedOf('unknown'), taken: 0 };
  assert.deepEqual(lefts[1], { end: never });
  assert.deepEqual(ended.find('unknown'), never);
});

test('once ended channels were forgotten, no channel is said never to have existed', () => {
  const { want, lefts, ended } = open({ maxEnded: 1 });
  for (const id of ['a', 'b']) ended.add(endOf(id));
  assert.equal(ended.isComplete, false);
  want(wantedOf('unknown'));
  assert.deepEqual([lefts, ended.find('unknown')], [[], undefined]);
  want(wantedOf('b'));
  assert.deepEqual(lefts, [{ end: endOf('b') }]);
});

test('a failed write is reported', async () => {
  const { want, said, failures } = open();
  failures.push(new Error('the store is away'));
  want(wantedOf('here'));
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(said, ['written', 'Error: the store is away']);
});

test('after it is closed, nothing is handed over any more', () => {
  const { clock, want, lefts, channel, handover, listeners } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  handover.close();
  channel.pending = 0;
  clock.advance(10_000);
  assert.deepEqual([lefts, listeners.size], [[], 0]);
});
