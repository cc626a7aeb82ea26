import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { PolicySnapshot } from '../domain/rule.ts';
import { createPolicyCache } from './policy-cache.ts';

const policy = (version: number, note?: string): PolicySnapshot => ({
  version,
  enforcement: 'enforce',
  rules: [{ id: 'r_1', effect: 'allow', who: ['*'], what: ['*'], createdAt: 1, createdBy: 'x', ...(note && { note }) }],
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
  const away = new GateError('unavailable', 'away');
  const cache = createPolicyCache(() => (isAway ? Promise.reject(away) : Promise.resolve(policy(1))));
  await cache.get('default');
  isAway = true;
  await assert.rejects(cache.outdated([]), away);
});
