import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { writeBusText } from '../store/bus/bus-text.ts';
import { onBothEngines, onPostgres } from '../store/both-engines.ts';
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
  it('waits for nobody where nobody else is there', async (t) => {
    const { store } = await open(t);
    await store.bus.open();
    const endElsewhere = createEndElsewhere({ bus: store.bus, clock: systemClock });
    assert.deepEqual(await endElsewhere([REVOKED]), { linksClosed: 0, callsCancelled: 0, unconfirmed: [] });
  });
});

onPostgres((open) => {
  it('adds up what the others have ended, and names who has not answered in time', async (t) => {
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

  it('does not wait for one that went silent, and names it: it may be cut off, and hold what it has', async (t) => {
    const { store, clock, tamper } = await open(t);
    await store.bus.open();
    const ghost = writeBusText({ name: 'ghost', place: 'a host' }, 1, { kind: 'beat', isNew: true, owes: false });
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
