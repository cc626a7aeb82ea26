import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Event } from 'mcpgate-shared/api/audit';
import { callCells, eventCells } from './audit-cells.ts';

const chain = { seq: 1, prev_hash: '', hash: '' };
const NOBODYS_CALL: Call = {
  id: 'c',
  ts: '2026-11-30T08:00:00.000Z',
  workspace_id: 'default',
  member_id: null,
  member: null,
  credential_kind: 'grant',
  credential_id: 'g',
  credential_label: 'ci',
  device: null,
  client_name: null,
  client_version: null,
  session_id: 's',
  server: 'github',
  method: 'resources/read',
  tool_name: null,
  decision: 'deny',
  rule: null,
  policy_version: 1,
  status: 'denied',
  error_code: null,
  latency_ms: null,
  upstream_ms: null,
  request_bytes: 0,
  response_bytes: 0,
  args_digest: null,
  arg_keys: [],
  secret_versions: [],
  attempts: null,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
  trace_id: null,
  ...chain,
};

test('a call shows no field that it does not have', () => {
  assert.deepEqual(callCells(NOBODYS_CALL), [
    '2026-11-30 08:00:00',
    'grant:ci',
    'ci',
    'github',
    'resources/read',
    'deny',
    'denied',
    '-',
  ]);
});

test('details of an event that are null are not shown', () => {
  const event: Event = {
    id: 'e',
    ts: '2026-11-30T08:00:00.000Z',
    workspace_id: 'default',
    type: 'login.refused',
    actor: 'anyone',
    subject: null,
    address: null,
    data: { device: null, reason: 'expired', groups: ['a', 'b'], count: 0, again: false, note: null },
    ...chain,
  };
  assert.equal(eventCells(event).slice(3).join(' | '), '- | reason=expired groups=a,b count=0 again=false');
  assert.equal(eventCells({ ...event, data: { device: null } }).at(-1), '');
});
