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
    part() {
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

test('one that has lost its link and on which nothing runs is left at once, with what its peer has still to hear', () => {
  const { want, lefts, channels, said } = open();
  want(wantedOf('here'));
  assert.deepEqual(lefts, [{ end: endOf('here'), kept: KEPT }]);
  assert.deepEqual([channels.size, said], [0, ['written']]);
  want(wantedOf('here'));
  assert.equal(lefts.length, 1, 'it is left once');
  assert.deepEqual(said, ['written', 'written'], 'and written again, should it not be in the store');
});

test('one whose peer has heard everything is left without anything', () => {
  const { want, lefts, channel } = open();
  channel.kept = false;
  want(wantedOf('here'));
  assert.deepEqual(lefts, [{ end: endOf('here') }]);
});

test('one with a link is kept, its link is doubted, and it is left as soon as that is gone and nothing runs', () => {
  const { clock, want, lefts, channel } = open();
  let doubts = 0;
  channel.carrier = { doubted: () => void (doubts += 1) };
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

test('who does not ask again for seven seconds wants it no more; who does is waited with', () => {
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

test('who has asked just seven seconds ago still wants it', () => {
  const { clock, want, lefts, channel } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  clock.advance(6_999);
  channel.pending = 0;
  clock.advance(1);
  assert.equal(lefts.length, 1);
});

test('it is looked twenty times a second and no more, however often it is asked for, and only while somebody does', () => {
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

test('one that has ended is known no longer for being asked for', () => {
  const { clock, want, ended } = open();
  ended.add(endOf('ended'));
  clock.advance(50_000);
  want(wantedOf('ended'));
  clock.advance(10_001);
  ended.add(endOf('another'));
  assert.equal(ended.find('ended'), undefined);
});

test('one that has gone meanwhile is looked for no longer', () => {
  const { clock, want, lefts, channel, channels } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  channels.clear();
  clock.advance(10_000);
  assert.deepEqual(lefts, []);
});

test('who asks for another’s, or with another secret, gets nothing and ends nothing', () => {
  for (const more of [{ owner: 'bob' }, { secretHash: 'cd' }]) {
    const { clock, want, lefts, channels, ended, said } = open();
    want(wantedOf('here', more));
    ended.add(endOf('ended'));
    want(wantedOf('ended', more));
    clock.advance(10_000);
    assert.deepEqual([lefts, channels.size, said], [[], 1, []], JSON.stringify(more));
  }
});

test('what another broker is asked for, and whatever else is said, is nothing to this one', () => {
  const { clock, want, lefts, tell } = open();
  want(wantedOf('here'), 'run-2');
  tell({ kind: 'message', from: { name: 'other', location: '' }, message: { kind: 'servers' } });
  tell({ kind: 'found' });
  clock.advance(10_000);
  assert.deepEqual(lefts, []);
});

test('one that has ended is left as it ended, and one that never was as not begun, which it never will be', () => {
  const { want, lefts, ended } = open();
  ended.add(endOf('ended'));
  want(wantedOf('ended'));
  assert.deepEqual(lefts, [{ end: endOf('ended') }]);
  want(wantedOf('unknown'));
  const never = { ...wantedOf('unknown'), taken: 0 };
  assert.deepEqual(lefts[1], { end: never });
  assert.deepEqual(ended.find('unknown'), never);
});

test('where some that ended were forgotten, nobody says of one that it never was', () => {
  const { want, lefts, ended } = open({ maxEnded: 1 });
  for (const id of ['a', 'b']) ended.add(endOf(id));
  assert.equal(ended.isComplete, false);
  want(wantedOf('unknown'));
  assert.deepEqual([lefts, ended.find('unknown')], [[], undefined]);
  want(wantedOf('b'));
  assert.deepEqual(lefts, [{ end: endOf('b') }]);
});

test('what could not be written is told', async () => {
  const { want, said, failures } = open();
  failures.push(new Error('the store is away'));
  want(wantedOf('here'));
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(said, ['written', 'Error: the store is away']);
});

test('one that was closed hands over nothing any more', () => {
  const { clock, want, lefts, channel, handover, listeners } = open();
  channel.pending = 1;
  want(wantedOf('here'));
  handover.close();
  channel.pending = 0;
  clock.advance(10_000);
  assert.deepEqual([lefts, listeners.size], [[], 0]);
});
