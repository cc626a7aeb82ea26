import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';

onBothEngines((open) => {
  it('keeps what a broker leaves of a channel, as it was first, until its peer has it nobody comes back for it or its owner is revoked', async (t) => {
    const { store, clock, reopen } = await open(t);
    const id = '1'.repeat(32);
    const sealed = new Uint8Array([1, 2, 3]);
    const channel = { broker: 'run-1', id, owner: '["default"]', secretHash: 'ab', taken: 3, sealed };
    const expiresAt = clock.at + 100;
    await store.leftChannels.put(channel, expiresAt);
    await store.leftChannels.put({ ...channel, taken: 7, sealed: null }, expiresAt);
    await store.departures.put({ broker: 'run-2', ends: [], isComplete: true }, { expiresAt, now: clock.at });
    const next = await reopen();
    const found = await next.leftChannels.find('run-1', id, clock.at + 99);
    assert.deepEqual(found && { ...found, sealed: new Uint8Array(found.sealed ?? []) }, channel);
    assert.equal(await next.leftChannels.find('run-1', id, clock.at + 100), undefined);
    assert.equal(await next.leftChannels.find('run-2', id, clock.at), undefined);
    const wanted = { brokers: ['run-1', 'run-2', 'run-3'], ids: [id, '2'.repeat(32)] };
    assert.deepEqual([...(await next.leftChannels.amongst(wanted))].toSorted(), [id, 'run-2']);
    assert.equal((await next.leftChannels.amongst({ brokers: [], ids: [] })).size, 0);
    await next.leftChannels.delivered('run-1', id);
    assert.equal((await next.leftChannels.find('run-1', id, clock.at))?.sealed, null);
    assert.deepEqual(await next.leftChannels.owners(), ['["default"]']);
    await next.leftChannels.removeOf([]);
    await next.leftChannels.removeExpired(clock.at + 99);
    assert.ok(await next.leftChannels.find('run-1', id, clock.at));
    await next.leftChannels.removeOf(['["default"]']);
    assert.equal(await next.leftChannels.find('run-1', id, clock.at), undefined);
    await store.leftChannels.put(channel, expiresAt);
    await next.leftChannels.removeExpired(clock.at + 100);
    assert.equal(await next.leftChannels.find('run-1', id, clock.at), undefined);
  });
});
