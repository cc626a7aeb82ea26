import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClientGrantId, createGrantId, deviceIdOfGrant, isClientGrantId } from './grant-id.ts';
import { formatUserCode, normalizeUserCode } from './user-code.ts';

test('each login of a device has a name of its own, which names the device and is no client’s', () => {
  const [one, other] = [createGrantId('device-1'), createGrantId('device-1')];
  assert.notEqual(one, other);
  assert.match(one, /^device-1\.[\w-]{22}$/);
  assert.equal(deviceIdOfGrant(one), 'device-1');
  assert.equal(isClientGrantId(one), false);
  assert.equal(isClientGrantId(createGrantId('oauth-1')), false, 'whatever the device is called');
});

test('a login of an HTTP client has a name that is no device’s', () => {
  const [one, other] = [createClientGrantId(), createClientGrantId()];
  assert.notEqual(one, other);
  assert.match(one, /^oauth-[0-9a-f]{20}$/);
  assert.equal(isClientGrantId(one), true);
  for (const none of [one, undefined, '', '.random', 'device']) assert.equal(deviceIdOfGrant(none), undefined, none);
  for (const none of ['', 'device', `x${one}`]) assert.equal(isClientGrantId(none), false, none);
});

test('a user code is taken as people type it, and only where it can be one', () => {
  for (const typed of ['BCDF-GHJK', 'bcdfghjk', ' b c d f - g h j k ', 'BCDF–GHJK', 'bcdf.ghjk\n'])
    assert.equal(normalizeUserCode(typed), 'BCDFGHJK', typed);
  for (const typed of ['BCDF-GHJ', 'BCDF-GHJKL', 'ACDF-GHJK', 'BCDF-GHJ1', 'BCDF-GHJY', '', '????????'])
    assert.equal(normalizeUserCode(typed), undefined, typed);
  assert.equal(formatUserCode('BCDFGHJK'), 'BCDF-GHJK');
});
