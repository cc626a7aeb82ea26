import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import type { BusMessage } from '../../domain/bus.ts';
import { createAwaitedChannels } from './awaited-channels.ts';
import { memoryOfLeftChannels, sharedBus } from '../fixtures/between-brokers.ts';

const wantedOf = (number: number) => ({ id: String(number), owner: 'ada', secretHash: 'ab' });
const never = () => false;

function world(names: string[], publish?: (message: BusMessage) => Promise<void>) {
  const said: BusMessage[] = [];
  const errors: unknown[] = [];
  const store = memoryOfLeftChannels();
  const bus = sharedBus('here', ...names).busOf('here');
  const awaited = createAwaitedChannels({
    bus: {
      others: () => bus.others(),
      publish(message) {
        said.push(message);
        return publish?.(message) ?? bus.publish(message);
      },
    },
    store,
    clock: systemClock,
    limitMs: 60_000,
    onError: (error) => errors.push(error),
  });
  return { awaited, said, errors, store };
}

test('however many broker names a laptop makes up, they cause one message at a time', async () => {
  const { awaited, said } = world([]);
  const all = Array.from({ length: 200 }, (_, number) => awaited.until(`made-up-${number}`, wantedOf(number), never));
  await Promise.all(all);
  assert.ok(said.length <= 2, `${said.length} messages`);
  assert.equal(awaited.size, 0);
});

test('many channels of one broker are asked for in parts that fit into a message of the bus', async () => {
  const { awaited, said } = world(['there']);
  const all = Array.from({ length: 30 }, (_, number) => awaited.until('there', wantedOf(number), never));
  const asked = () =>
    said.flatMap((message) => (message.kind === 'wanted' ? message.channels.map(({ id }) => id) : []));
  while (new Set(asked()).size < 30) await new Promise((resolve) => setImmediate(resolve));
  for (const message of said) assert.ok(JSON.stringify(message).length < 7_000);
  awaited.close();
  await Promise.all(all);
});

test('channels in the store are found even where other brokers cannot be asked, and the failure is reported once', async () => {
  const { awaited, errors, store, said } = world(['there'], () => Promise.reject(new Error('the bus is away')));
  const left = awaited.until('there', wantedOf(1), never);
  while (said.length < 3) await new Promise((resolve) => setImmediate(resolve));
  await store.put({ ...wantedOf(1), broker: 'there', taken: 1, sealed: null }, Number.POSITIVE_INFINITY);
  await left;
  assert.equal(errors.length, 1);
});
