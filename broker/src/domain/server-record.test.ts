import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolationOf } from './server-record.ts';

const transport = { kind: 'http', url: 'https://wiki.example/mcp', headers: {} } as const;

test('a server that each person uses with an account of their own has a connection for each, whatever was set', () => {
  assert.equal(isolationOf({ isolation: 'shared', credential: 'personal', transport }), 'per-user');
  assert.equal(isolationOf({ isolation: 'per-session', credential: 'personal', transport }), 'per-session');
  assert.equal(isolationOf({ isolation: 'shared', credential: 'shared', transport }), 'shared');
  assert.equal(isolationOf({ isolation: 'per-user', credential: 'shared', transport }), 'per-user');
});

test('so has a server that is told who asks', () => {
  const told = { ...transport, identityHeader: 'X-Mcpgate-Identity' };
  assert.equal(isolationOf({ isolation: 'shared', credential: 'shared', transport: told }), 'per-user');
  assert.equal(isolationOf({ isolation: 'per-session', credential: 'shared', transport: told }), 'per-session');
});
