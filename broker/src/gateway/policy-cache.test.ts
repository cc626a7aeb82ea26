import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { PLAIN_RULE, type PolicySnapshot } from '../domain/rule.ts';
import { createPolicyCache } from './policy-cache.ts';

const policy = (version: number, note?: string): PolicySnapshot => ({
  version,
  enforcement: 'enforce',
  rules: [
    {
      ...PLAIN_RULE,
      ...{ id: 'r_1', effect: 'allow', who: ['*'], what: ['*'], createdAt: 1, createdBy: 'x' },
      ...(note && { note }),
    },
  ],
});

test('after changes may have been missed only workspaces whose rules are others now are told, and no reading that is wrong is kept', async () => {
  const store = new Map([
    ['same', policy(1)],
    ['raised', policy(1)],
    ['put back', policy(1)],
  ]);
  const cache = createPolicyCache((id) => {
    const found = store.get(id);
    return found === undefined ? Promise.reject(new GateError('not_found', id)) : Promise.resolve(found);
  });
  for (const id of store.keys()) await cache.get(id);
  assert.deepEqual(await cache.outdated([]), []);
  store.set('raised', policy(2));
  store.set('put back', policy(1, 'another rule under the same number'));
  assert.deepEqual(await cache.outdated(['never asked for']), ['never asked for', 'raised', 'put back']);
  store.delete('same');
  assert.ok((await cache.outdated([])).includes('same'));
});

test('where the rules cannot be read nobody says that they are the same', async () => {
  let isAway = false;
  let away: Error = new GateError('unavailable', 'away');
  const cache = createPolicyCache(() => (isAway ? Promise.reject(away) : Promise.resolve(policy(1))));
  await cache.get('default');
  isAway = true;
  for (const error of [away, Object.assign(new Error('no error of ours'), { code: 'not_found' })]) {
    away = error;
    await assert.rejects(cache.outdated([]), away);
  }
});

/** A cache over readings that end as the test says, and how often each workspace was read. */
function overReadings() {
  const readings: { id: string; end: (version: number) => void; fail: (error: Error) => void }[] = [];
  const cache = createPolicyCache((id) => {
    const { promise, resolve, reject } = Promise.withResolvers<PolicySnapshot>();
    readings.push({ id, end: (version) => resolve(policy(version)), fail: reject });
    return promise;
  });
  return { cache, readings };
}

test('rules are read once for all who ask, and are there at once from then on', async () => {
  const { cache, readings } = overReadings();
  const [one, other] = [cache.get('default'), cache.get('default')];
  assert.equal(readings.length, 1);
  readings[0]?.end(7);
  assert.equal((await one).version, 7);
  assert.equal(await other, await one);
  assert.equal(cache.get('default'), await one, 'no promise');
  void cache.get('team-b');
  assert.deepEqual(
    readings.map(({ id }) => id),
    ['default', 'team-b'],
  );
});

test('what is forgotten is read anew, of the workspace that was said or of every one, and a reading under way is not kept', async () => {
  const { cache, readings } = overReadings();
  const late = cache.get('default');
  cache.forget('default');
  const anew = cache.get('default');
  readings[1]?.end(2);
  assert.equal((await anew).version, 2);
  readings[0]?.end(1);
  assert.equal((await late).version, 1, 'who asked before the change');
  assert.equal((await cache.get('default')).version, 2);

  const other = cache.get('team-b');
  readings[2]?.end(1);
  await other;
  cache.forget('team-b');
  assert.equal((await cache.get('default')).version, 2, 'another one is known still');
  assert.equal(readings.length, 3);
  cache.forget();
  for (const id of ['default', 'team-b']) void cache.get(id);
  assert.equal(readings.length, 5);
});

test('where rules cannot be read nothing is allowed, and the next one who asks has them read again', async () => {
  const { cache, readings } = overReadings();
  const cause = new GateError('conflict', 'the table is locked');
  const failed = cache.get('default');
  readings[0]?.fail(cause);
  await assert.rejects(async () => failed, {
    code: 'unavailable',
    message: 'the rules cannot be read, so nothing is allowed: the table is locked',
    cause,
  });
  const late = cache.get('default');
  cache.forget();
  const anew = cache.get('default');
  readings[1]?.fail(cause);
  await assert.rejects(async () => late);
  assert.equal(cache.get('default'), anew, 'an older reading that fails does not take the newer one away');
  assert.equal(readings.length, 3);
});

test('a workspace whose rules are being read is looked at too', async () => {
  const { cache, readings } = overReadings();
  void cache.get('default');
  const found = cache.outdated([]);
  assert.equal(readings.length, 2);
  for (const reading of readings) reading.end(1);
  assert.deepEqual(await found, []);
});

test('a workspace whose rules are not known any more is told, also where they are the same as before', async () => {
  const cache = createPolicyCache(() => Promise.resolve(policy(1)));
  await cache.get('default');
  cache.forget('default');
  assert.deepEqual(await cache.outdated(['default']), ['default']);
});

test('while changes by others are not heard nothing is allowed, also of what is known', async () => {
  let hears = true;
  const cache = createPolicyCache(
    () => Promise.resolve(policy(1)),
    () => hears,
  );
  await cache.get('default');
  hears = false;
  assert.throws(() => cache.get('default'), { code: 'unavailable', message: /^this broker does not hear of changes/ });
  hears = true;
  assert.equal((await cache.get('default')).version, 1);
});
