import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAddressRanges } from './address-ranges.ts';

test('addresses are themselves, ranges reach to their last address, and families are kept apart', () => {
  const { includes } = createAddressRanges(['192.0.2.1', '10.0.0.0/8', '198.51.100.0/31', '2001:db8::7', 'fd00::/8']);
  for (const address of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '10.0.0.0',
    '10.255.255.255',
    '198.51.100.1',
    '2001:db8::7',
    '2001:db8:0::0:7',
    'fd00::',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ])
    assert.ok(includes(address), address);
  for (const address of [
    '192.0.2.0',
    '192.0.2.2',
    '9.255.255.255',
    '11.0.0.0',
    '198.51.100.2',
    '2001:db8::6',
    '2001:db8::8',
    'fe00::',
    '::ffff:11.0.0.0',
    '::10.0.0.1',
    '::',
    '10.0.0',
    '10.0.0.1:80',
    'x10.0.0.1',
    '',
    undefined,
  ])
    assert.equal(includes(address), false, address);
});

test('no range is nobody, and the whole of a family is that family', () => {
  assert.equal(createAddressRanges([]).includes('127.0.0.1'), false);
  const { includes } = createAddressRanges(['0.0.0.0/0']);
  assert.deepEqual([includes('203.0.113.9'), includes('2001:db8::1')], [true, false]);
});
