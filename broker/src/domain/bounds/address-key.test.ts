import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey, networkKeys } from './address-key.ts';

test('an address of IPv6 counts by its /64, and one of IPv4 by itself, however it is written', () => {
  const same = [
    ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:0DB8:0001:0002::', '2001:db8:1:2::1%eth0'],
    ['::1', '::2', '0::', '::1.2.3.4'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
  ];
  for (const spellings of same) assert.equal(new Set(spellings.map(addressKey)).size, 1, spellings.join(' '));
  const keys = same.map(([first = '']) => addressKey(first));
  assert.deepEqual(keys, ['192.0.2.1', '2001:db8:1:2::/64', '0:0:0:0::/64', '2001:db8:0:0::/64']);
  assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
});

test('a text that a proxy gives instead of an address is a key of its own, and cut', () => {
  assert.equal(addressKey('unknown'), 'unknown');
  assert.equal(addressKey('x'.repeat(10_000)).length, 64);
});

test('an address is of networks, the narrower one first', () => {
  assert.deepEqual(networkKeys('2001:db8:1:2::1'), ['2001:db8:1::/48', '2001:db8::/32']);
  assert.deepEqual(networkKeys('::ffff:192.0.2.1'), ['192.0.2.0/24', '192.0.0.0/16']);
  assert.deepEqual(networkKeys('unknown'), ['unknown', 'unknown']);
});
