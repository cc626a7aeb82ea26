import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedThrottle } from './throttle.ts';

const RATE = { ofAddress: 3, ofSite: 10, ofProvider: 20, ofAll: 100, windowS: 60 };

function open() {
  let now = 1_000_000;
  const { hit } = createSharedThrottle(RATE, () => now);
  return {
    passed: (addresses: readonly string[]) => addresses.filter((address) => hit(address) === 0).length,
    hit,
    pass: (ms: number) => (now += ms),
  };
}

const each = (count: number, address: (n: number) => string) => Array.from({ length: count }, (_, n) => address(n));

test('a stranger with many addresses of one network gets the share of that network, and other networks come in', () => {
  const { passed } = open();
  assert.equal(passed(each(1_000, (n) => `2001:db8:7:${n.toString(16)}::1`)), 10);
  assert.equal(passed(each(1_000, (n) => `2001:db8:${(n + 8).toString(16)}::1`)), 10);
  assert.equal(passed(each(1_000, (n) => `198.51.100.${n % 250}`)), 10);
  assert.equal(passed(each(1_000, (n) => `198.51.${n % 250}.1`)), 10);
  assert.equal(passed(each(10, () => '192.0.2.1')), 3);
  assert.equal(passed(['203.0.113.1', '2001:db9::1']), 2);
});

test('a try that is refused for its address does not count for all addresses together', () => {
  const { passed, pass, hit } = open();
  assert.equal(passed(each(10_000, () => '192.0.2.1')), 3);
  assert.equal(passed(each(97, (n) => `10.${n}.0.1`)), 97);
  assert.ok(hit('203.0.113.1') > 0);
  pass(60_000);
  assert.equal(hit('203.0.113.1'), 0);
});

test('a text that is no address counts as a key of its own', () => {
  const { passed } = open();
  assert.equal(passed(each(10, () => 'unknown')), 3);
});
