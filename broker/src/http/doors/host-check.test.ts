import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHostCheck } from './host-check.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

describe('host check', () => {
  const check = createHostCheck({
    publicUrl: 'https://mcp.example.com',
    proxies: createTrustedProxies(['10.0.0.0/8']),
  });
  const allows = (host: string | undefined, peer = '192.0.2.1', path = '/login'): boolean =>
    check.allows({ host, peer, path });

  test('our name, addresses and localhost are ours', () => {
    const withPorts = ['127.0.0.1:7717', '[::1]:7717', 'localhost:1'];
    for (const host of ['mcp.example.com', 'MCP.example.com', '127.0.0.1', '[::1]', 'localhost', ...withPorts])
      assert.ok(allows(host), host);
  });

  test('every other name is refused, also one that only looks like ours', () => {
    for (const host of [
      'evil.example',
      'mcp.example.com.evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example:80',
      'evil-mcp.example.com',
      'evil.mcp.example.com',
      'mcp.example.com.',
      'mcp.example.com:443',
      'mcp.example.com:8443',
      'mcp.example.com@evil.example',
      'user@mcp.example.com',
      'mcp.example.com, evil.example',
      'mcp.ex\u00e4mple.com',
      'xn--mcp-example-com.evil.example',
      'mcp.example.comx',
      'xmcp.example.com',
      'https://mcp.example.com',
      'localhost.',
      'xlocalhost',
      'localhost:1:2',
      'localhost:',
      'localhost:x',
      'localhost:1x',
      '127.1',
      '0x7f000001',
      '[::1',
      '::1]',
      '[::1].evil.example',
      'x[::1]',
      '[localhost.evil.example]',
      '[]',
      ' ',
      '',
      undefined,
    ]) {
      assert.equal(allows(host), false, host);
    }
  });

  test('a port belongs to the name, where the public address has one', () => {
    const { allows: withPort } = createHostCheck({
      publicUrl: 'https://mcp.example.com:8443',
      proxies: createTrustedProxies([]),
    });
    const isAllowed = (host: string) => withPort({ host, path: '/', peer: '192.0.2.1' });
    assert.ok(isAllowed('mcp.example.com:8443'));
    for (const host of ['mcp.example.com', 'mcp.example.com:443', 'mcp.example.com:84430', 'mcp.example.com:8443.evil'])
      assert.equal(isAllowed(host), false, host);
  });

  test('monitors ask for what is theirs alone', () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) assert.ok(allows('pod-7', '192.0.2.1', path), path);
    for (const path of ['/', '/readyz/', '/readyz/x', '/healthzz', '/x/metrics', '/METRICS', ''])
      assert.equal(allows('pod-7', '192.0.2.1', path), false, path);
  });

  test('a proxy of ours may use an inner name, a monitor any', () => {
    assert.ok(allows('broker:7717', '10.1.2.3'));
    assert.ok(allows('broker:7717', '::ffff:10.1.2.3'));
    assert.ok(allows('broker:7717', '192.0.2.1', '/readyz'));
  });
});

describe('client address', () => {
  const proxies = createTrustedProxies(['10.0.0.0/8', '2001:db8::/32']);

  test('a forwarded address is believed from a proxy of ours only', () => {
    assert.equal(proxies.clientAddress('10.0.0.1', '203.0.113.7'), '203.0.113.7');
    assert.equal(proxies.clientAddress('198.51.100.1', '203.0.113.7'), '198.51.100.1');
    assert.equal(proxies.clientAddress('2001:db8::1', '203.0.113.7'), '203.0.113.7');
  });

  test('an address that a client wrote into X-Forwarded-For itself is not believed', () => {
    assert.equal(proxies.clientAddress('10.0.0.1', '1.1.1.1, 203.0.113.7, 10.0.0.2'), '203.0.113.7');
    assert.equal(proxies.clientAddress('10.0.0.1', '203.0.113.7, not-an-address'), '10.0.0.1');
    assert.equal(proxies.clientAddress('10.0.0.1', undefined), '10.0.0.1');
  });
});
