import assert from 'node:assert/strict';
import { it } from 'node:test';
import { canonicalResource, readResource } from './resources.ts';

const ISSUER = 'https://mcp.example.com';

it('the addresses of one door are one audience, however they are written', () => {
  for (const uri of [
    `${ISSUER}/mcp`,
    `${ISSUER}/mcp/`,
    `${ISSUER}/mcp?tools=search`,
    `${ISSUER}/mcp/?tools=search&x=1`,
    ISSUER,
    `${ISSUER}/`,
    `${ISSUER}?tools=search`,
    'HTTPS://MCP.Example.COM/mcp',
    'https://mcp.example.com:443/mcp/',
  ]) {
    assert.equal(canonicalResource(uri, ISSUER), `${ISSUER}/mcp`, uri);
  }
  assert.equal(canonicalResource(`${ISSUER}/mcp/github/?x`, ISSUER), `${ISSUER}/mcp/github`);
  assert.deepEqual(readResource(`${ISSUER}/mcp/github/`, ISSUER), { audience: 'mcp', server: 'github' });
  assert.deepEqual(readResource(`${ISSUER}/v1/tunnel`, ISSUER), { audience: 'tunnel' });
  assert.equal(canonicalResource('http://127.0.0.1:8080/', 'http://127.0.0.1:8080'), 'http://127.0.0.1:8080/mcp');
  assert.equal(canonicalResource('https://a.example/gate', 'https://a.example/gate'), 'https://a.example/gate/mcp');
  assert.equal(
    canonicalResource('https://a.example/gate/mcp/', 'https://a.example/gate'),
    'https://a.example/gate/mcp',
  );
});

it('another host, scheme, port or path, a fragment and a name in the address are no audience of this broker', () => {
  for (const uri of [
    '',
    'mcp',
    'https://mcp.example.com.evil.example/mcp',
    'https://evil.example/mcp',
    'http://mcp.example.com/mcp',
    'https://mcp.example.com:8443/mcp',
    'https://user@mcp.example.com/mcp',
    `${ISSUER}/mcp#x`,
    `${ISSUER}/mcp#`,
    `${ISSUER}/MCP`,
    `${ISSUER}/mcpx`,
    `${ISSUER}/other`,
    `${ISSUER}/mcp/a/b`,
    `${ISSUER}/mcp/a%2fb`,
    `${ISSUER}/mcp/${'a'.repeat(65)}`,
  ]) {
    assert.equal(canonicalResource(uri, ISSUER), undefined, uri);
  }
  assert.equal(canonicalResource('https://a.example/mcp', 'https://a.example/gate'), undefined);
});
