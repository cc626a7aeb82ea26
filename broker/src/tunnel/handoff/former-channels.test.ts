// What a broker does with channels that are not here any more, where the store or the bus does not do its part.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import { createEndedChannels } from './ended-channels.ts';
import { memoryOfDepartures, memoryOfLeftChannels, sharedBus, testVault } from '../fixtures/between-brokers.ts';
import { createFormerChannels } from './former-channels.ts';
import type { TunnelChannel } from '../channels/tunnel-channel.ts';

const KEPT = { first: 0, fragments: [{ payload: Buffer.from('answer'), flags: 1 }] };
const OWNER = JSON.stringify(['default', 'ada', 'device', 'd-ada']);
const endOf = (id: string) => ({ id, owner: OWNER, secretHash: 'ab', taken: 1 });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A channel of which `backlogBytes` have not been acknowledged; `leftBy`: another run has left it. */
const channelOf = (id: string, backlogBytes: number, leftBy?: string) =>
  ({ leftBy, channel: { backlogBytes, kept: () => KEPT }, end: () => endOf(id) }) as unknown as TunnelChannel;

function open(channels: readonly TunnelChannel[] = []) {
  const clock = steppedClock();
  const errors: unknown[] = [];
  const departures = memoryOfDepartures();
  const leftChannels = memoryOfLeftChannels();
  const { busOf, gone } = sharedBus('run-1', 'run-2');
  let listeners = 0;
  const bus = busOf('run-1');
  const leaving: string[] = [];
  const registry = {
    find: () => undefined,
    leave(message: string) {
      leaving.push(message);
      return channels;
    },
  } as unknown as ChannelRegistry;
  const former = createFormerChannels({
    between: {
      ...{ departures, leftChannels, vault: testVault },
      bus: {
        ...bus,
        listen(listener) {
          listeners += 1;
          const stop = bus.listen(listener);
          return () => {
            listeners -= 1;
            return stop();
          };
        },
      },
    },
    ...{ broker: 'run-1', registry, clock, keepMs: 60_000 },
    ended: createEndedChannels({ clock, keepMs: 60_000 }),
    onError: (error) => errors.push(error),
  });
  return { former, errors, departures, leftChannels, leaving, clock, gone, listeners: () => listeners };
}

test('a broker that ends keeps missing answers of its own channels, not those of another run, and no empty ones', async () => {
  const { former, leftChannels, leaving, listeners, departures } = open([
    channelOf('waits', 6),
    channelOf('heard', 0),
    channelOf('left', 6, 'run-0'),
  ]);
  assert.equal(listeners(), 1);
  await former.leave('going');
  assert.deepEqual(
    leftChannels.all.map(({ id, sealed }) => [id, sealed !== null]),
    [['waits', true]],
  );
  assert.deepEqual([leaving, listeners()], [['going'], 0], 'and hands over nothing behind it');
  assert.equal((await departures.find('run-1', 0))?.broker, 'run-1');
});

test('failures of the store are reported, and nothing else fails', async () => {
  const { former, errors, departures, leftChannels } = open();
  const failure = new Error('the store is away');
  departures.put = () => Promise.reject(failure);
  leftChannels.delivered = () => Promise.reject(failure);
  leftChannels.owners = () => Promise.reject(failure);
  await former.leave('going');
  assert.equal(errors.length, 1);
  former.heard('run-0', 'a');
  await turn();
  assert.equal(errors.length, 2);
  await former.revoked({ workspaceId: 'default', kind: 'user', id: 'ada', reason: '' });
  assert.deepEqual(errors, [failure, failure, failure]);
});

test('acknowledged answers are deleted, and so are those of revoked owners', async () => {
  const { former, leftChannels } = open([channelOf('a', 6), channelOf('b', 6)]);
  await former.leave('going');
  former.heard('run-1', 'a');
  await turn();
  assert.deepEqual(
    leftChannels.all.map(({ sealed }) => sealed === null),
    [true, false],
  );
  await former.revoked({ workspaceId: 'default', kind: 'user', id: 'ada', reason: '' });
  assert.deepEqual(leftChannels.all, []);
});

test('after it is closed it hears no requests, removes nothing, and ends all waits', async () => {
  const { former, leftChannels, listeners, clock } = open();
  let sweeps = 0;
  leftChannels.removeExpired = () => Promise.resolve(void (sweeps += 1));
  const open2 = { id: 'a', secret: 's'.repeat(43), next: 0, windowBytes: 1, version: '1', broker: 'run-2' };
  const fate = former.fateOf(open2, OWNER, () => false);
  while (former.awaited === 0) await turn();
  former.close();
  assert.deepEqual(await fate, { kind: 'unknown' });
  assert.deepEqual([listeners(), former.awaited], [0, 0]);
  clock.advance(200_000);
  assert.equal(sweeps, 0);
});
