import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigSchema } from '../../config/schema.ts';
import { createMetricsDoor } from './metrics-door.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

const { metrics } = ConfigSchema.parse({});
const door = (behindProxy: string[] = [], allow: readonly string[] = metrics.allow) =>
  createMetricsDoor({ allow: () => allow, proxies: createTrustedProxies(behindProxy) });

test('unless said otherwise, metrics are for this host and for private networks', () => {
  for (const peer of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '172.16.0.9', '192.168.1.1', 'fd00::1']) {
    assert.ok(door().allows({ peer, headers: {} }), peer);
  }
  for (const peer of ['203.0.113.9', '172.32.0.1', '2001:db8::1', undefined, 'nonsense']) {
    assert.ok(!door().allows({ peer, headers: {} }), peer);
  }
});

test('behind a proxy of ours the client counts, not the proxy', () => {
  const behind = door(['127.0.0.1']);
  assert.ok(!behind.allows({ peer: '127.0.0.1', headers: { 'x-forwarded-for': '203.0.113.9' } }));
  assert.ok(!behind.allows({ peer: '127.0.0.1', headers: { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' } }));
  assert.ok(behind.allows({ peer: '127.0.0.1', headers: { 'x-forwarded-for': '10.0.0.4' } }));
  assert.ok(behind.allows({ peer: '127.0.0.1', headers: {} }));
});

test('through a proxy that is none of ours nobody is known, so nobody passes', () => {
  for (const headers of [{ 'x-forwarded-for': '10.0.0.4' }, { forwarded: 'for=10.0.0.4' }, { via: '1.1 nginx' }]) {
    assert.ok(!door().allows({ peer: '127.0.0.1', headers }));
  }
});

test('an empty list closes the door', () => {
  assert.ok(!door([], []).allows({ peer: '127.0.0.1', headers: {} }));
});
