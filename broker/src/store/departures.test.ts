import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';

const end = { id: '0'.repeat(32), owner: '["default"]', secretHash: 'ab', taken: 3 };

onBothEngines((open) => {
  it('keeps what a broker leaves behind for the next one, until nobody comes back for it', async (t) => {
    const { store, clock, reopen } = await open(t);
    const departure = { broker: 'run-1', ends: [end], isComplete: true };
    await store.departures.put(departure, { expiresAt: clock.at + 100, now: clock.at });
    const next = await reopen();
    assert.deepEqual(await next.departures.find('run-1', clock.at + 99), departure);
    assert.equal(await next.departures.find('run-1', clock.at + 100), undefined);
    assert.equal(await next.departures.find('run-2', clock.at), undefined);
    const later = { ...departure, broker: 'run-2', isComplete: false };
    await next.departures.put(later, { expiresAt: clock.at + 300, now: clock.at + 200 });
    assert.equal(await next.departures.find('run-1', clock.at), undefined, 'the expired one has gone');
    assert.deepEqual(await next.departures.find('run-2', clock.at), later);
  });
});
