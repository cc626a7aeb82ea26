import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from './fixtures/both-engines.ts';

onBothEngines((open) => {
  it('one of many that begin a request with one key carries it out, and the others find what it has answered', async (t) => {
    const { store, clock, reopen } = await open(t);
    const other = await reopen();
    const expiresAt = clock.at + 1_000;
    const request = {
      ...{ owner: '["default","u1"]', keyHash: 'k', requestDigest: 'd', state: 'running' as const },
      ...{ leaseUntil: clock.at + 60, sealed: null, expiresAt },
    };
    const begun = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store : other).idempotentRequests.begin({ ...request, holder: `h${index}` }, clock.at),
      ),
    );
    assert.equal(begun.filter((before) => before === undefined).length, 1);
    const [first] = begun.flatMap((before) => before ?? []);
    const holder = first?.holder ?? '';
    const key = { owner: request.owner, keyHash: 'k', holder };
    await other.idempotentRequests.renew({ ...key, holder: 'another' }, clock.at + 999);
    await other.idempotentRequests.end({ ...key, holder: 'another' }, { state: 'doubtful', sealed: null });
    await store.idempotentRequests.renew(key, clock.at + 90);
    assert.deepEqual(await other.idempotentRequests.begin({ ...request, holder: 'late' }, clock.at), {
      ...request,
      ...{ holder, leaseUntil: clock.at + 90 },
    });
    await store.idempotentRequests.end(key, { state: 'done', sealed: new Uint8Array([7]) });
    const found = await other.idempotentRequests.begin({ ...request, requestDigest: 'x', holder: 'late' }, clock.at);
    assert.deepEqual([found?.state, found?.requestDigest, [...(found?.sealed ?? [])]], ['done', 'd', [7]]);
    assert.equal(await store.idempotentRequests.count(request.owner), 1);
    const others = { ...request, owner: '["default","u2"]', holder: 'h' };
    assert.equal(await store.idempotentRequests.begin(others, clock.at), undefined, 'another one’s key is another key');
    await store.idempotentRequests.forget({ ...others, holder: 'nobody' });
    assert.ok(await store.idempotentRequests.begin(others, clock.at));
    await store.idempotentRequests.forget(others);
    assert.equal(await store.idempotentRequests.begin(others, clock.at), undefined, 'what was forgotten begins anew');
    assert.equal(
      await store.idempotentRequests.begin({ ...request, holder: 'later' }, expiresAt),
      undefined,
      'it is over',
    );
  });
});
