import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isAboutExchange } from './unnamed-error.ts';

const modern = { method: 'tools/call', headers: ['mcp-method', 'tools/call'] };
const ERROR = '{"code":-32020,"message":"header mismatch"}';

it('an error without an id answers a modern request where it is one of the newer protocol, and is left alone otherwise', () => {
  for (const text of [
    `{"jsonrpc":"2.0","error":${ERROR}}`,
    `{"jsonrpc":"2.0","id":null,"error":${ERROR}}`,
    `{"error": ${ERROR}, "id": null}`,
  ])
    assert.ok(isAboutExchange(text, modern), text);
  for (const text of [
    `{"jsonrpc":"2.0","id":1,"error":${ERROR}}`,
    `{"jsonrpc":"2.0","id":0,"error":${ERROR}}`,
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}',
    '{"jsonrpc":"2.0","id":null,"error":"no"}',
    '{"jsonrpc":"2.0","id":null,"error":null}',
    `{"jsonrpc":"2.0","id":null,"error":[${ERROR}]}`,
    '{"jsonrpc":"2.0","id":null,"result":{}}',
    'no JSON',
  ])
    assert.ok(!isAboutExchange(text, modern), text);
});

it('an error without an id answers any older request but the handshake', () => {
  const text = '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}';
  assert.ok(isAboutExchange(text, { method: 'tools/call' }));
  assert.ok(!isAboutExchange(text, { method: 'initialize' }));
});
