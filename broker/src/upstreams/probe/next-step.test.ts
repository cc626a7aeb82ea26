import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { serverRecord } from '../fixtures/pool.ts';
import { AttemptError } from '../attempt.ts';
import { nextStep } from './next-step.ts';

const late = new GateError('timeout', 'server x did not answer its handshake within 60 s');
const plain = { isTried: false, isNobody: false, sources: new Map<string, string>() };

test('a command that does not answer in time: where its stderr is, and what its installer may lack', () => {
  const record = serverRecord('x', { kind: 'stdio', command: 'npx', args: ['-y', 'x'], env: {} });
  const next = nextStep('handshake', late, record, plain) ?? '';
  assert.match(next, /upstreams\.start_timeout/);
  assert.match(next, /mcpgate-broker server show x/);
  assert.match(next, /proxy and certificate variables/);
});

test('a server at a URL that does not answer in time has no stderr to be read', () => {
  const record = serverRecord('x', { kind: 'http', url: 'https://x.example/mcp', headers: {} });
  const next = nextStep('handshake', late, record, plain) ?? '';
  assert.match(next, /upstreams\.start_timeout/);
  assert.doesNotMatch(next, /stderr/);
});

test('credentials that are refused: what to do is told of where the secret is, and not of a value that is thrown away anyway', () => {
  const refused = new AttemptError('upstream', 'refused', { outcome: 'unauthorized', status: 401 });
  const headers = { Authorization: 'Bearer ${secret:tick}' };
  const record = serverRecord('x', { kind: 'http', url: 'https://x.example/mcp', headers });
  assert.match(nextStep('handshake', refused, record, plain) ?? '', /secret set tick/);
  const sources = new Map([['tick', 'file:/run/tick']]);
  const next = nextStep('handshake', refused, record, { ...plain, sources }) ?? '';
  assert.match(next, /where it is read from: file:\/run\/tick/);
  assert.doesNotMatch(next, /secret set/);
  assert.equal(nextStep('handshake', refused, record, { ...plain, isTried: true }), null);
});

test('a server that wants to know who asks, and is told nobody’s name: a person tests it', () => {
  const refused = new AttemptError('upstream', 'refused', { outcome: 'unauthorized', status: 401 });
  const record = serverRecord('x', { kind: 'http', url: 'https://x.example/mcp', headers: {} });
  const next = nextStep('handshake', refused, record, { ...plain, isNobody: true }) ?? '';
  assert.match(next, /as a person/);
  assert.doesNotMatch(next, /vault|secret/);
});
