import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bypassesProxy, proxyFor } from './proxy-for.ts';

const broker = new URL('https://mcp.corp.example:8443');
const HTTPS_PROXY = 'http://proxy.corp.example:3128';

test('HTTPS_PROXY counts in both spellings, ALL_PROXY after it, HTTP_PROXY not at all', () => {
  assert.equal(proxyFor(broker, { HTTPS_PROXY })?.host, 'proxy.corp.example:3128');
  assert.equal(proxyFor(broker, { https_proxy: 'a:1', HTTPS_PROXY, ALL_PROXY: 'b:1' })?.host, 'a:1');
  assert.equal(proxyFor(broker, { HTTPS_PROXY: '', ALL_PROXY: 'b:1' })?.href, 'http://b:1/');
  assert.equal(proxyFor(broker, { HTTP_PROXY: 'c:1' }), undefined);
});

test('this machine itself is reached directly', () => {
  for (const url of ['https://localhost:1', 'https://127.0.0.2', 'https://[::1]:7717', 'http://broker.localhost']) {
    assert.equal(proxyFor(new URL(url), { HTTPS_PROXY }), undefined, url);
  }
});

test('NO_PROXY: names with their subdomains, ports, addresses, ranges', () => {
  const cases: [string, string, boolean][] = [
    ['corp.example', 'https://mcp.corp.example', true],
    ['.corp.example', 'https://mcp.corp.example', true],
    ['*.Corp.Example', 'https://mcp.corp.example', true],
    ['mcp.corp.example.', 'https://mcp.corp.example', true],
    ['a.test, mcp.corp.example', 'https://mcp.corp.example', true],
    ['orp.example', 'https://mcp.corp.example', false],
    ['mcp.corp.example:8443', 'https://mcp.corp.example:8443', true],
    ['mcp.corp.example:8443', 'https://mcp.corp.example', false],
    ['*', 'https://mcp.corp.example', true],
    ['10.0.0.0/8', 'https://10.2.3.4', true],
    ['10.0.0.0/8', 'https://11.2.3.4', false],
    ['10.0.0.0/99', 'https://10.2.3.4', false],
    ['192.0.2.7', 'https://192.0.2.7:9', true],
    ['fd00::/8', 'https://[fd00::2]:9', true],
    ['[fd00::2]:9', 'https://[fd00::2]:9', true],
    ['fd00::2', 'https://[fd00::3]', false],
    ['', 'https://mcp.corp.example', false],
  ];
  for (const [noProxy, url, expected] of cases) {
    assert.equal(bypassesProxy(new URL(url), noProxy), expected, `${noProxy} for ${url}`);
  }
  assert.equal(proxyFor(broker, { HTTPS_PROXY, NO_PROXY: 'corp.example' }), undefined);
});

test('a value that is no proxy is refused without repeating the password in it', () => {
  for (const value of ['http://ada:s3#cret@proxy:1', 'socks5://ada:s3cret@proxy:1']) {
    assert.throws(
      () => proxyFor(broker, { HTTPS_PROXY: value }),
      (error: Error) => /HTTPS_PROXY/.test(error.message) && !/s3/.test(error.message),
    );
  }
});
