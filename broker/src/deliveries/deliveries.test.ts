// Deliveries over a real store of each engine, with a clock that the test sets.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { AuditEvent } from '../domain/call-record.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../store/fixtures/both-engines.ts';
import type { Store } from '../store/store.ts';
import { retryAfterMs } from '../net/retry-after.ts';
import { pauseMs } from './back-off.ts';
import { createDeliveries, type DeliveriesOptions } from './create-deliveries.ts';
import type { Attempted, Delivery } from './deliveries.ts';

const ARRIVED: Attempted = { kind: 'arrived' };
const TO = 'test:default/one';

async function worldOf(t: TestContext, open: OpenStoreUnderTest, more: Partial<DeliveriesOptions> = {}) {
  const { store, clock } = await open(t);
  const events: AuditEvent[] = [];
  const audit = {
    event(event: AuditEvent) {
      events.push(event);
      return Promise.resolve();
    },
  };
  /** A broker of its own, and what it was told to deliver. */
  const broker = (holder: string, of: Store = store) => {
    const seen: Delivery[] = [];
    const log = { warn: (facts: object) => assert.fail(JSON.stringify(facts)) };
    const deliveries = createDeliveries({
      ...{ store: of, audit, clock, log, holder, location: `at ${holder}`, random: () => 1 },
      ...more,
    });
    const at = { answer: (_delivery: Delivery): Attempted | Promise<Attempted> => ARRIVED };
    deliveries.take('test', async (delivery) => {
      seen.push(delivery);
      return await at.answer(delivery);
    });
    return { deliveries, seen, at };
  };
  return { broker, clock, events, store };
}
const item = (id: string, more: Partial<Delivery> = {}) => ({
  ...{ workspaceId: 'default', destination: TO, id, payload: `payload of ${id}` },
  ...more,
});
const ids = (seen: readonly Delivery[]) => seen.map(({ id }) => id);

onBothEngines((open) => {
  it('arrive in their order, each once by its id, also where the same is put in again', async (t) => {
    const { broker } = await worldOf(t, open);
    const { deliveries, seen } = broker('one');
    for (const id of ['a', 'b', 'a', 'c']) await deliveries.put(item(id));
    await deliveries.deliverDue();
    await deliveries.put(item('b'));
    await deliveries.deliverDue();
    assert.deepEqual(ids(seen), ['a', 'b', 'c']);
    assert.deepEqual(seen[0], { ...item('a'), createdAt: seen[0]?.createdAt, attempt: 1 });
    assert.deepEqual((await deliveries.queues())[0]?.queued, 0);
  });

  it('survive a receiver that is away for an hour: tried ever more rarely, in order, and all of them when it is back', async (t) => {
    const { broker, clock } = await worldOf(t, open);
    const { deliveries, seen, at } = broker('one');
    at.answer = () => ({ kind: 'again', why: 'status 503' });
    for (const id of ['a', 'b', 'c']) await deliveries.put(item(id));
    const moved: string[] = [];
    deliveries.onMoved((destination) => void moved.push(destination));
    const end = clock.at + 3_600_000;
    const tries: number[] = [];
    while (clock.at < end) {
      const before = seen.length;
      await deliveries.deliverDue();
      if (seen.length > before) tries.push(clock.at);
      clock.at += 500;
    }
    assert.deepEqual(new Set(ids(seen)), new Set(['a']), 'what is behind it waits');
    assert.deepEqual(
      tries.slice(0, 4).map((time) => time - (tries[0] ?? 0)),
      [0, 1_000, 3_000, 7_000],
    );
    assert.ok(tries.length > 15 && tries.length < 25, `${tries.length} tries`);
    assert.deepEqual(
      moved,
      tries.map(() => TO),
      'whoever asked hears of each of them',
    );
    const [queue] = await deliveries.queues('default');
    assert.deepEqual([queue?.queued, queue?.lastError, queue?.attempts], [3, 'status 503', tries.length]);
    at.answer = () => ARRIVED;
    clock.at += 300_000;
    const before = seen.length;
    await deliveries.deliverDue();
    assert.deepEqual(ids(seen.slice(before)), ['a', 'b', 'c']);
    assert.equal(seen[before]?.attempt, tries.length + 1);
    assert.deepEqual([(await deliveries.queues())[0]?.queued, (await deliveries.queues())[0]?.lastError], [0, null]);
  });

  it('say when something last arrived and who tried last; what is mended is tried at once by whichever broker is told', async (t) => {
    const { broker, clock } = await worldOf(t, open);
    const [one, other] = [broker('one'), broker('other')];
    const state = async () => {
      const [{ deliveredAt, triedBy, nextAt } = { deliveredAt: 0, triedBy: '', nextAt: 0 }] =
        await one.deliveries.queues();
      return { deliveredAt, triedBy, waits: nextAt > clock.at };
    };
    one.at.answer = () => ({ kind: 'again', why: 'status 503', retryAfterMs: 60_000 });
    await one.deliveries.put(item('a'));
    assert.deepEqual(await state(), { deliveredAt: null, triedBy: null, waits: false });
    await one.deliveries.deliverDue();
    assert.deepEqual(await state(), { deliveredAt: null, triedBy: 'at one', waits: true });
    await other.deliveries.deliverDue();
    assert.deepEqual(ids(other.seen), []);
    await other.deliveries.tryNow(TO);
    await other.deliveries.deliverDue();
    const arrivedAt = clock.at;
    assert.deepEqual(await state(), { deliveredAt: arrivedAt, triedBy: 'at other', waits: false });
    clock.at += 5_000;
    other.at.answer = () => ({ kind: 'never', why: 'gone' });
    await other.deliveries.put(item('b'));
    await other.deliveries.deliverDue();
    assert.equal((await state()).deliveredAt, arrivedAt, 'what is let go has not arrived');
  });

  it('are delivered by one of several brokers, and taken over from one that was killed in the middle', async (t) => {
    const { broker, clock } = await worldOf(t, open);
    const [one, other] = [broker('one'), broker('other')];
    const never = new Promise<Attempted>(() => undefined);
    let began: () => void = () => undefined;
    const isTrying = new Promise<void>((resolve) => (began = resolve));
    one.at.answer = () => {
      began();
      return never;
    };
    await one.deliveries.put(item('a'));
    await one.deliveries.put(item('b'));
    void one.deliveries.deliverDue();
    await isTrying;
    await other.deliveries.deliverDue();
    assert.deepEqual(ids(other.seen), [], 'it is another broker’s');
    clock.at += 29_000;
    await other.deliveries.deliverDue();
    assert.deepEqual(ids(other.seen), []);
    clock.at += 2_000;
    await other.deliveries.deliverDue();
    assert.deepEqual(ids(other.seen), ['a', 'b']);
  });

  it('of a broker that lost its lease meanwhile are left to the one that has it', async (t) => {
    const { broker, clock } = await worldOf(t, open);
    const [one, other] = [broker('one'), broker('other')];
    let answer: (attempted: Attempted) => void = () => undefined;
    let began: () => void = () => undefined;
    const isTrying = new Promise<void>((resolve) => (began = resolve));
    one.at.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
        began();
      });
    for (const id of ['a', 'b']) await one.deliveries.put(item(id));
    const working = one.deliveries.deliverDue();
    await isTrying;
    clock.at += 31_000;
    other.at.answer = ({ id }) => (id === 'a' ? ARRIVED : { kind: 'again', why: 'later' });
    await other.deliveries.deliverDue();
    answer(ARRIVED);
    await working;
    assert.deepEqual([ids(one.seen), ids(other.seen)], [['a'], ['a', 'b']]);
    const [queue] = await one.deliveries.queues();
    assert.deepEqual([queue?.queued, queue?.attempts], [1, 1], 'what the other one has found holds');
  });

  it('hold no other destination, and a receiver that says when to come again is not asked before', async (t) => {
    const { broker, clock } = await worldOf(t, open);
    const { deliveries, seen, at } = broker('one');
    at.answer = ({ destination }) =>
      destination === TO ? { kind: 'again', why: '429', retryAfterMs: 60_000 } : ARRIVED;
    await deliveries.put(item('a'));
    await deliveries.put(item('x', { destination: 'test:default/two' }));
    await deliveries.deliverDue();
    assert.deepEqual(
      ids(seen).toSorted((a, b) => a.localeCompare(b)),
      ['a', 'x'],
    );
    clock.at += 59_000;
    await deliveries.deliverDue();
    assert.equal(seen.length, 2);
    clock.at += 1_000;
    await deliveries.deliverDue();
    assert.equal(seen.length, 3);
  });

  it('are bounded in number, size and age; what is let go is told in the log, and the newest is kept', async (t) => {
    const bounds = { mostItems: 3, mostBytes: 100, mostAgeMs: 1_000 };
    const { broker, clock, events } = await worldOf(t, open, { bounds });
    const { deliveries, seen, at } = broker('one');
    at.answer = () => ({ kind: 'again', why: 'away' });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await deliveries.put(item(id));
    assert.equal((await deliveries.queues())[0]?.queued, 3);
    await deliveries.put(item('f', { payload: 'ü'.repeat(45) }));
    assert.equal((await deliveries.queues())[0]?.queued, 1);
    at.answer = () => ARRIVED;
    clock.at += 400_000;
    await deliveries.put(item('g'));
    await deliveries.deliverDue();
    assert.deepEqual(ids(seen), ['g'], 'the other one is too old');
    assert.deepEqual(events.map(({ type, subject }) => `${type} ${subject}`).slice(0, 1), [`delivery.lost ${TO}`]);
    assert.equal(
      events.reduce((sum, { data }) => sum + Number(data['count']), 0),
      6,
    );
  });

  it('of which very many are let go at once leave the newest', async (t) => {
    const { broker, store, clock } = await worldOf(t, open);
    for (let number = 0; number < 620; number++)
      await store.deliveries.put({ ...item(`n${number}`), createdAt: clock.at });
    const bounds = { mostItems: 4, mostBytes: 1_000, oldest: clock.at };
    assert.deepEqual([await store.deliveries.trim(TO, bounds), await store.deliveries.trim(TO, bounds)], [616, 0]);
    const { deliveries, seen } = broker('one');
    await deliveries.deliverDue();
    assert.deepEqual(ids(seen), ['n616', 'n617', 'n618', 'n619']);
    assert.equal(await store.deliveries.trim(TO, { ...bounds, oldest: clock.at + 1 }), 0);
  });

  it('that can never arrive are let go with a word in the log, those without a point without one, and the next goes on', async (t) => {
    const { broker, events } = await worldOf(t, open);
    const { deliveries, seen, at } = broker('one');
    at.answer = ({ id }) =>
      id === 'a' ? { kind: 'never', why: 'status 410' } : id === 'b' ? { kind: 'pointless' } : ARRIVED;
    for (const id of ['a', 'b', 'c']) await deliveries.put(item(id));
    await deliveries.deliverDue();
    assert.deepEqual(ids(seen), ['a', 'b', 'c']);
    assert.deepEqual(
      events.map(({ data }) => data),
      [{ count: 1, why: 'status 410' }],
    );
  });

  it('whose attempt throws are tried again; forgotten destinations are gone; ids are forgotten after a while', async (t) => {
    const { broker, clock, store } = await worldOf(t, open);
    const { deliveries, seen, at } = broker('one');
    at.answer = () => Promise.reject(new Error('broken'));
    await deliveries.put(item('a'));
    await deliveries.deliverDue();
    assert.match((await deliveries.queues())[0]?.lastError ?? '', /./);
    at.answer = () => ARRIVED;
    clock.at += 10_000;
    await deliveries.deliverDue();
    assert.equal(seen.length, 2);
    await deliveries.put(item('a'));
    await deliveries.deliverDue();
    assert.equal(seen.length, 2);
    clock.at += 9 * 86_400_000;
    await deliveries.deliverDue();
    assert.equal(await store.deliveries.put({ ...item('a'), createdAt: clock.at }), true);
    await deliveries.forget(TO);
    await deliveries.deliverDue();
    assert.deepEqual([seen.length, await deliveries.queues()], [2, []]);
  });

  it('are there for a broker that starts over the same database', async (t) => {
    const opened = await open(t);
    const { broker } = await worldOf(t, () => Promise.resolve(opened));
    await broker('one').deliveries.put(item('a'));
    const store = await opened.reopen();
    const next = broker('next', store);
    await next.deliveries.deliverDue();
    assert.deepEqual(ids(next.seen), ['a']);
  });
});

it('pauses double with half of them left to chance, and do as the receiver says, within an hour', () => {
  assert.deepEqual(
    [0, 1, 2, 20, 2_000].map((tried) => pauseMs(tried, undefined, 1)),
    [1_000, 2_000, 4_000, 300_000, 300_000],
  );
  assert.equal(pauseMs(1, undefined, 0), 1_000);
  assert.equal(pauseMs(0, 90_000, 0), 90_000);
  assert.equal(pauseMs(0, 1e9, 0), 3_600_000);
  const now = Date.parse('2026-11-30T20:00:00Z');
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Mon, 30 Nov 2026 20:01:00 GMT', now), 60_000);
  assert.equal(retryAfterMs('Mon, 30 Nov 2026 19:01:00 GMT', now), 0);
  for (const header of [null, '', '-5', 'soon', '1e9', '5 minutes']) assert.equal(retryAfterMs(header, now), undefined);
});
