import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrustedProxies } from './trusted-proxies.ts';

const proxies = createTrustedProxies(['10.0.0.0/8', '::1', 'fd00::/8']);

test('the client is the last address that is not a proxy of ours; what stands before it is only claimed', () => {
  const cases: [peer: string, forwardedFor: string | string[] | undefined, client: string][] = [
    ['198.51.100.7', undefined, '198.51.100.7'],
    ['198.51.100.7', '203.0.113.66', '198.51.100.7'],
    ['10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '203.0.113.66, 198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '203.0.113.66, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['10.0.0.1', ['203.0.113.66', '198.51.100.7, 10.0.0.2'], '198.51.100.7'],
    ['::1', '2001:db8::7', '2001:db8::7'],
    ['fd00::3', 'unknown', 'fd00::3'],
    ['10.0.0.1', '198.51.100.7, <script>', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
  ];
  for (const [peer, forwardedFor, client] of cases) {
    assert.equal(proxies.clientAddress(peer, forwardedFor), client, `${peer} ${String(forwardedFor)}`);
  }
  assert.equal(proxies.clientAddress(undefined, '203.0.113.66'), 'unknown');
});

test('ports that load balancers add are no part of an address', () => {
  assert.equal(proxies.clientAddress('10.0.0.1', '198.51.100.7:50123'), '198.51.100.7');
  assert.equal(proxies.clientAddress('10.0.0.1', '[2001:db8::7]:50123'), '2001:db8::7');
  assert.equal(proxies.clientAddress('10.0.0.1', '[2001:db8::7]'), '2001:db8::7');
});
