// What becomes of a channel that a broker does not have: from what it knows itself, and from what others have left behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenMessage } from 'mcpgate-shared/link/link-message';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { ChannelEnd, Departure, WantedChannel } from '../../domain/channel-end.ts';
import { createDepartures, hashOfSecret } from './departures.ts';
import { createEndedChannels } from './ended-channels.ts';
import { memoryOfLeftChannels, testVault } from '../fixtures/between-brokers.ts';
import { createLeftChannels } from './left-channels.ts';

const SECRET = 's'.repeat(43);
const SECRET_HASH = hashOfSecret(SECRET).toString('hex');
const KEPT = { first: 2, fragments: [{ payload: Buffer.from('answer'), flags: 1 }] };
const endOf = (id: string, more: Partial<ChannelEnd> = {}): ChannelEnd => ({
  ...{ id, owner: 'ada', secretHash: SECRET_HASH, taken: 3 },
  ...more,
});
const openOf = (id: string, broker?: string): OpenMessage => ({
  ...{ id, secret: SECRET, next: 0, windowBytes: 1, version: '1' },
  ...(broker !== undefined && { broker }),
});
const isOver = () => false;

function open({ maxEnded = 10 } = {}) {
  const clock = steppedClock();
  const kept = new Map<string, Departure>();
  const put: unknown[] = [];
  const read: string[] = [];
  const errors: unknown[] = [];
  const waits: { at: string; wanted: WantedChannel; isOver: () => boolean }[] = [];
  const state = { failure: undefined as Error | undefined, meanwhile: () => undefined as unknown };
  const leftStore = memoryOfLeftChannels();
  const left = createLeftChannels({
    ...{ broker: 'this-run', store: leftStore, vault: testVault, clock, keepMs: 1_000 },
    onError: assert.ifError,
  });
  const ended = createEndedChannels({ clock, keepMs: 1_000, max: maxEnded });
  const departures = createDepartures({
    broker: 'this-run',
    store: {
      put: (departure, times) => Promise.resolve(void put.push(departure, times)),
      find(broker, now) {
        assert.equal(now, clock.now());
        read.push(broker);
        return state.failure === undefined ? Promise.resolve(kept.get(broker)) : Promise.reject(state.failure);
      },
    },
    ...{ ended, left, clock, keepMs: 1_000 },
    awaited: {
      until(at, wanted, over) {
        waits.push({ at, wanted, isOver: over });
        return Promise.resolve(void state.meanwhile());
      },
    },
    onError: (error) => errors.push(error),
  });
  const leave = (broker: string, ends: readonly ChannelEnd[], isComplete = true) =>
    void kept.set(broker, { broker, ends, isComplete });
  const fateOf = (id: string, broker?: string, owner = 'ada') => departures.fateOf(openOf(id, broker), owner, isOver);
  return { departures, fateOf, leave, left, leftStore, ended, state, read, waits, put, errors, clock };
}

test('the fate of a channel without a broker’s name is unknown, and no broker is asked', async () => {
  const { fateOf, read, waits } = open();
  assert.deepEqual(await fateOf('a'), { kind: 'unknown' });
  assert.deepEqual([read, waits], [[], []]);
});

test('a broker knows which of its own channels ended or were given up, and that others never existed', async () => {
  const { fateOf, ended, left, read, waits } = open();
  ended.add(endOf('ended'));
  ended.add(endOf('left', { taken: 1 }));
  left.add({ end: endOf('left'), kept: KEPT });
  assert.deepEqual(await fateOf('ended', 'this-run'), { kind: 'taken', taken: 3 });
  assert.deepEqual(await fateOf('left', 'this-run'), { kind: 'taken', taken: 3, kept: KEPT });
  assert.deepEqual(await fateOf('never', 'this-run'), { kind: 'taken', taken: 0 });
  for (const id of ['ended', 'left'])
    assert.deepEqual(await fateOf(id, 'this-run', 'bob'), { kind: 'foreign' }, 'and tells nobody else');
  assert.deepEqual([read, waits], [[], []]);
});

test('once a broker has forgotten some of its channels, the fate of one that it does not find is unknown', async () => {
  const { fateOf, ended } = open({ maxEnded: 1 });
  for (const id of ['a', 'b']) ended.add(endOf(id));
  assert.deepEqual(await fateOf('a', 'this-run'), { kind: 'unknown' });
  assert.deepEqual(await fateOf('b', 'this-run'), { kind: 'taken', taken: 3 });
});

test('the fate of another run’s channel comes from its departure, which has all of its channels or those that it still knew', async () => {
  const { fateOf, leave, waits } = open();
  leave('run-1', [endOf('a')]);
  leave('run-2', [endOf('a')], false);
  for (const broker of ['run-1', 'run-2']) {
    assert.deepEqual(await fateOf('a', broker), { kind: 'taken', taken: 3 });
    assert.deepEqual(await fateOf('a', broker, 'bob'), { kind: 'foreign' });
  }
  assert.deepEqual(await fateOf('b', 'run-1'), { kind: 'taken', taken: 0 });
  assert.deepEqual(await fateOf('b', 'run-2'), { kind: 'unknown' });
  assert.deepEqual(waits, [], 'nobody has to be waited for');
});

test('a channel that another run handed over continues with the missing answers', async () => {
  const { fateOf, leave, leftStore, waits } = open();
  await leftStore.put({ ...endOf('a', { taken: 4 }), broker: 'run-1', sealed: null }, 0);
  assert.deepEqual(await fateOf('a', 'run-1'), { kind: 'taken', taken: 4 });
  assert.deepEqual(await fateOf('a', 'run-1', 'bob'), { kind: 'foreign' });
  leave('run-1', [endOf('a')]);
  assert.deepEqual(await fateOf('a', 'run-1'), { kind: 'taken', taken: 4 }, 'also once that run has gone');
  assert.deepEqual(waits, []);
});

test('a run without a departure is waited for, and then looked up once more', async () => {
  const { fateOf, leave, waits, state, leftStore } = open();
  assert.deepEqual(await fateOf('a', 'run-1'), { kind: 'unknown' });
  assert.deepEqual(waits, [{ at: 'run-1', wanted: { id: 'a', owner: 'ada', secretHash: SECRET_HASH }, isOver }]);
  state.meanwhile = () => leave('run-1', [endOf('a')]);
  assert.deepEqual(await fateOf('a', 'run-1'), { kind: 'taken', taken: 3 });
  state.meanwhile = () => leftStore.put({ ...endOf('b'), broker: 'run-2', sealed: null }, 0);
  assert.deepEqual(await fateOf('b', 'run-2'), { kind: 'taken', taken: 3 });
});

test('a departure is read once for all laptops that come back, and again where reading failed', async () => {
  const { fateOf, leave, state, read } = open();
  leave('run-1', [endOf('a')]);
  state.failure = new Error('the store is away');
  await assert.rejects(fateOf('a', 'run-1'), /the store is away/);
  state.failure = undefined;
  const fates = await Promise.all(['a', 'b', 'a'].map((id) => fateOf(id, 'run-1')));
  assert.deepEqual(
    fates.map((fate) => (fate.kind === 'taken' ? fate.taken : fate.kind)),
    [3, 0, 3],
  );
  assert.deepEqual(read, ['run-1', 'run-1']);
  for (let times = 0; times < 2; times++) assert.deepEqual(await fateOf('a', 'killed'), { kind: 'unknown' });
  assert.deepEqual(read.slice(2), Array(4).fill('killed'), 'once more when nobody has it');
});

test('four departures are kept in memory; the fifth replaces the one that was read first', async () => {
  const { fateOf, leave, read } = open();
  const runs = [1, 2, 3, 4, 5].map((number) => `run-${number}`);
  for (const run of runs) leave(run, [endOf('a')]);
  for (const run of runs.slice(0, 4)) await fateOf('a', run);
  for (const run of runs.slice(0, 4)) await fateOf('a', run);
  assert.equal(read.length, 4);
  await fateOf('a', 'run-5');
  for (const run of runs.slice(1)) await fateOf('a', run);
  assert.equal(read.length, 5);
  await fateOf('a', 'run-1');
  assert.deepEqual(read.slice(5), ['run-1']);
});

test('at its end a broker writes first the missing answers and then the departure, for as long as laptops may come back', async () => {
  const { departures, ended, left, leftStore, put, errors, clock } = open();
  ended.add(endOf('a'));
  await departures.leave([{ end: endOf('b'), kept: KEPT }]);
  assert.equal(left.has('b'), true);
  assert.deepEqual(
    leftStore.all.map(({ id }) => id),
    ['b'],
  );
  const now = clock.now();
  assert.deepEqual(put, [
    { broker: 'this-run', ends: [endOf('a')], isComplete: true },
    { expiresAt: now + 1_000, now },
  ]);
  assert.deepEqual(errors, []);
});

test('a failure to write answers is reported, and the departure is written nevertheless', async () => {
  const { departures, leftStore, put, errors } = open({ maxEnded: 0 });
  const failure = new Error('the store is away');
  leftStore.put = () => Promise.reject(failure);
  await departures.leave([{ end: endOf('b') }]);
  assert.deepEqual([errors, put.length], [[failure], 2]);
});
