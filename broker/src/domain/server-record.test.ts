import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolationOf } from './server-record.ts';

test('a server that each person uses with an account of their own has a connection for each, whatever was set', () => {
  assert.equal(isolationOf({ isolation: 'shared', credential: 'personal' }), 'per-user');
  assert.equal(isolationOf({ isolation: 'per-session', credential: 'personal' }), 'per-session');
  assert.equal(isolationOf({ isolation: 'shared', credential: 'shared' }), 'shared');
  assert.equal(isolationOf({ isolation: 'per-user', credential: 'shared' }), 'per-user');
});
