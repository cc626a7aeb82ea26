import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { Bus, BusEvent, BusMessage } from '../domain/bus.ts';
import { writeBusText } from '../store/bus/bus-text.ts';
import { onBothEngines, onPostgres } from '../store/fixtures/both-engines.ts';
import type { Store } from '../store/store.ts';
import { createEndElsewhere } from './end-elsewhere.ts';

const REVOKED = { workspaceId: 'default', kind: 'user', id: 'u-1', reason: 'ada was disabled' } as const;

/** A broker that ends so many calls of whatever is revoked. */
function answering(store: Store, callsCancelled: number): void {
  store.bus.listen((event) => {
    if (event.kind !== 'message' || event.message.kind !== 'revoked') return;
    const { question } = event.message;
    void store.bus.publish({ kind: 'ended', question, linksClosed: 1, callsCancelled });
  });
}

onBothEngines((open) => {
  it('does not wait where there is no other broker', async (t) => {
    const { store } = await open(t);
    await store.bus.open();
    const endElsewhere = createEndElsewhere({ bus: store.bus, clock: systemClock });
    assert.deepEqual(await endElsewhere([REVOKED]), { linksClosed: 0, callsCancelled: 0, unconfirmed: [] });
  });
});

onPostgres((open) => {
  it('adds up what the others have ended, and names brokers that have not answered in time', async (t) => {
    const { store, reopen } = await open(t);
    const [one, two, silent] = [await reopen(), await reopen(), await reopen()];
    answering(one, 2);
    answering(two, 3);
    for (const each of [store, one, two]) await each.bus.open();
    const endElsewhere = createEndElsewhere({ bus: store.bus, clock: systemClock });
    assert.deepEqual(await endElsewhere([REVOKED]), { linksClosed: 2, callsCancelled: 5, unconfirmed: [] });
    assert.deepEqual(await endElsewhere([]), { linksClosed: 0, callsCancelled: 0, unconfirmed: [] });
    await silent.bus.open();
    const { callsCancelled, unconfirmed } = await endElsewhere([REVOKED]);
    assert.deepEqual([callsCancelled, unconfirmed], [5, ['somewhere']]);
  });

  it('does not wait for a broker that went silent, and names it, because it may be cut off and still have links', async (t) => {
    const { store, clock, tamper } = await open(t);
    await store.bus.open();
    const ghost = writeBusText({ name: 'ghost', location: 'a host' }, 1, { kind: 'beat', isNew: true, owes: false });
    await tamper(`select pg_notify('mcpgate_bus', '${ghost}')`);
    for (let step = 0; step < 4; step++) {
      await store.bus.publish({ kind: 'servers' });
      clock.at += 900;
    }
    await store.bus.publish({ kind: 'servers' });
    assert.deepEqual(store.bus.others(), []);
    const endElsewhere = createEndElsewhere({ bus: store.bus, clock: systemClock });
    assert.deepEqual((await endElsewhere([REVOKED])).unconfirmed, ['a host']);
  });

  it('does not wait where it cannot ask, and says so', async (t) => {
    const { store, reopen, takeAway } = await open(t);
    const other = await reopen();
    answering(other, 1);
    await store.bus.open();
    await other.bus.open();
    const giveBack = await takeAway('bus');
    const endElsewhere = createEndElsewhere({ bus: store.bus, clock: systemClock });
    const { callsCancelled, unconfirmed } = await endElsewhere([REVOKED]);
    assert.equal(callsCancelled, 0);
    assert.deepEqual(unconfirmed, ['somewhere', 'other brokers, of which this one does not hear now']);
    await giveBack();
  });
});

/** A bus on which the test is everybody else; `asking`: ends when the question has come round. */
function openBus({ others = ['one', 'two'], silent = [] as string[] } = {}) {
  const clock = steppedClock();
  const named = (names: readonly string[]) => names.map((name) => ({ name, location: `place of ${name}` }));
  const present = new Set(others);
  const listeners = new Set<(event: BusEvent) => void>();
  const said: BusMessage[] = [];
  const asking = Promise.withResolvers<void>();
  const bus: Bus = {
    open: () => Promise.resolve(),
    publish(message) {
      said.push(message);
      return asking.promise;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    others: () => named([...present]),
    silent: () => named(silent),
  };
  const tell = (event: BusEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  const answer = (from: string, links: number, calls: number, question?: string) => {
    const [asked] = said;
    const own = asked?.kind === 'revoked' ? asked.question : '';
    const message = { kind: 'ended', question: question ?? own, linksClosed: links, callsCancelled: calls } as const;
    tell({ kind: 'message', from: { name: from, location: '' }, message });
  };
  const ended = createEndElsewhere({ bus, clock })([REVOKED]);
  let isOver = false;
  void ended.then(() => (isOver = true));
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { clock, present, listeners, said, asking, tell, answer, ended, turn, over: () => isOver };
}

describe('what others have to end', () => {
  it('is asked for once, added up, and over as soon as all have answered', async () => {
    const { said, asking, answer, ended, turn, over, listeners } = openBus();
    assert.deepEqual(
      said.map((message) => message.kind === 'revoked' && message.revocations),
      [[REVOKED]],
    );
    asking.resolve();
    await turn();
    answer('one', 1, 20);
    await turn();
    assert.equal(over(), false, 'two has not answered');
    answer('two', 3, 40);
    assert.deepEqual(await ended, { linksClosed: 4, callsCancelled: 60, unconfirmed: [] });
    assert.equal(listeners.size, 0, 'nobody listens any more');
  });

  it('counts those who answer before the question has come round, and waits until it has', async () => {
    const { asking, answer, ended, turn, over } = openBus();
    answer('one', 1, 1);
    answer('two', 1, 1);
    await turn();
    assert.equal(over(), false);
    asking.resolve();
    assert.deepEqual(await ended, { linksClosed: 2, callsCancelled: 2, unconfirmed: [] });
  });

  it('is not waited for longer than half a second, and who has not answered is named', async () => {
    const { clock, asking, answer, ended, turn, over } = openBus({ silent: ['three'] });
    asking.resolve();
    await turn();
    answer('two', 1, 2);
    clock.advance(499);
    await turn();
    assert.equal(over(), false);
    clock.advance(1);
    const unconfirmed = ['place of one', 'place of three'];
    assert.deepEqual(await ended, { linksClosed: 1, callsCancelled: 2, unconfirmed });
  });

  it('is not counted of another question, nor of anything else that is said', async () => {
    const { clock, asking, answer, tell, ended, turn, over } = openBus({ others: ['one'] });
    asking.resolve();
    await turn();
    answer('one', 7, 7, 'another question');
    tell({ kind: 'message', from: { name: 'one', location: '' }, message: { kind: 'servers' } });
    tell({ kind: 'found' });
    await turn();
    assert.equal(over(), false);
    clock.advance(500);
    assert.deepEqual(await ended, { linksClosed: 0, callsCancelled: 0, unconfirmed: ['place of one'] });
  });

  it('is nothing of one who has left meanwhile, and of one who came meanwhile, who reads it in the store', async () => {
    const { clock, asking, present, ended, turn } = openBus();
    asking.resolve();
    await turn();
    present.delete('one');
    present.add('new');
    clock.advance(500);
    assert.deepEqual((await ended).unconfirmed, ['place of two']);
  });

  it('is not known of anybody where the question does not come round', async () => {
    const { asking, ended } = openBus({ others: ['one'] });
    asking.reject(new Error('the bus is away'));
    assert.deepEqual((await ended).unconfirmed, ['place of one', 'other brokers, of which this one does not hear now']);
  });

  it('is not asked for where nothing was revoked', async () => {
    const { clock, said } = openBus();
    const bus = { publish: () => assert.fail('asked'), listen: () => () => undefined } as unknown as Bus;
    assert.deepEqual(await createEndElsewhere({ bus, clock })([]), {
      ...{ linksClosed: 0, callsCancelled: 0, unconfirmed: [] },
    });
    assert.equal(said.length, 1);
  });
});
