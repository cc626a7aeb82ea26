import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { serverRecord } from '../fixtures/pool.ts';
import { nextStep } from './next-step.ts';

const late = new GateError('timeout', 'server x did not answer its handshake within 60 s');

test('a command that does not answer in time: where its stderr is, and what its installer may lack', () => {
  const record = serverRecord('x', { kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: {} });
  const next = nextStep('handshake', late, record) ?? '';
  assert.match(next, /upstreams\.start_timeout/);
  assert.match(next, /mcpgate-broker server show x/);
  assert.match(next, /proxy and certificate variables/);
});

test('a server at a URL that does not answer in time has no stderr to be read', () => {
  const record = serverRecord('x', { kind: 'http', url: 'https://x.example/mcp', headers: {} });
  const next = nextStep('handshake', late, record) ?? '';
  assert.match(next, /upstreams\.start_timeout/);
  assert.doesNotMatch(next, /stderr/);
});
