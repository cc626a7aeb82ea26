import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBrokerUrl } from './broker-url.ts';

test('what a person types becomes the origin', () => {
  for (const [typed, origin] of [
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['mcp.example.com', 'https://mcp.example.com'],
    ['  https://MCP.example.com:8443/device?user_code=X#y ', 'https://mcp.example.com:8443'],
    ['localhost:7717', 'http://localhost:7717'],
    ['127.0.0.1:7717', 'http://127.0.0.1:7717'],
    ['http://[::1]:7717/', 'http://[::1]:7717'],
  ] as const) {
    assert.equal(parseBrokerUrl(typed), origin);
  }
});

test('what is no URL, or would send a token in the clear, is refused with a reason', () => {
  for (const [typed, says] of [
    ['', /not a broker URL/],
    ['not a url', /not a broker URL/],
    ['ftp://mcp.example.com', /not a broker URL/],
    ['http://mcp.example.com', /not encrypted/],
    ['http://127.0.0.1.example.com', /not encrypted/],
    ['http://localhost.example.com', /not encrypted/],
    ['https://ada:secret@mcp.example.com', /leave them out/],
  ] as const) {
    assert.throws(() => parseBrokerUrl(typed), says);
  }
});
