// Calls and events as rows and back: all of them, also from brokers that wrote less, and never what somebody has changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { CallIntent, CallOutcome } from '../domain/call-record.ts';
import type { AuditRow } from '../store/audit-row.ts';
import { eventRow, intentRow, outcomeRow, toCallRecord, toLoggedEvent } from './log-rows.ts';
import type { LooseRow } from './chain-writer.ts';

const INTENT: CallIntent = {
  ...{ workspace_id: 'team-a', member_id: 'u1', member: 'ada', credential_kind: 'device', credential_id: 'd1' },
  ...{ credential_label: 'laptop', device: 'laptop', client_name: 'claude-code', client_version: '2.1.0' },
  ...{ session_id: 's1', server: 'github', method: 'tools/call', tool_name: 'github__search', decision: 'allow' },
  ...{ rule: 'r_abcdef', policy_version: 3, request_bytes: 120, args_digest: 'd', arg_keys: ['query'], trace_id: 't' },
};
const OUTCOME: CallOutcome = {
  ...{ status: 'ok', error_code: null, latency_ms: 12.5, upstream_ms: 11, response_bytes: 2_000 },
  ...{ secret_versions: ['github@2'], attempts: 2, retry_reason: 'unauthorized', input_rounds: 2 },
  input_asked: ['elicitation'],
};
const EVENT = {
  ...{ workspace_id: 'team-a', type: 'secret.set', actor: 'host:root', subject: 'secret:github', address: '192.0.2.1' },
  data: { version: 2, servers: ['github'], first: false, note: null, name: 'x' },
};
const placed = (row: LooseRow, seq: number): AuditRow => ({
  ...row,
  ...{ writer: 'w1', seq, prevHash: `before ${seq}`, hash: `hash ${seq}` },
});
const intentOf = (more: Partial<CallIntent> = {}) => placed(intentRow({ ...INTENT, ...more }, 'c1', 1_000), 1);
const outcomeOf = (more: Partial<CallOutcome> = {}) =>
  placed(outcomeRow('team-a', 'c1', { ...OUTCOME, ...more }, 'o1', 1_013), 2);
const CHANGED =
  /is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it$/;
const isChanged = (error: unknown) => {
  assert.ok(error instanceof GateError && error.cause instanceof Error, 'with why it could not be read');
  assert.deepEqual([error.code, CHANGED.test(error.message)], ['internal', true]);
  return true;
};

test('who called what stands in columns of the intent; the outcome is joined by the call’s id alone', () => {
  const { data: _intent, ...asked } = intentRow(INTENT, 'c1', 1_000);
  const common = { workspaceId: 'team-a', callId: 'c1', subject: null };
  const columns = { actor: 'ada', server: 'github', toolName: 'github__search' };
  assert.deepEqual(asked, { ...common, ...columns, id: 'c1', ts: 1_000, type: 'call.intent' });
  const { data: _outcome, ...ended } = outcomeRow('team-a', 'c1', OUTCOME, 'o1', 1_013);
  const nothing = { actor: null, server: null, toolName: null };
  assert.deepEqual(ended, { ...common, ...nothing, id: 'o1', ts: 1_013, type: 'call.outcome' });
  const grant = intentRow({ ...INTENT, member: null, credential_label: 'ci', tool_name: null }, 'c1', 1_000);
  assert.deepEqual([grant.actor, grant.toolName], ['grant:ci', null]);
  const long = intentRow({ ...INTENT, tool_name: `a\0b\uD800${'x'.repeat(2_000)}` }, 'c1', 1_000);
  assert.equal(long.toolName, `a\uFFFDb\uFFFD${'x'.repeat(1_020)}`);
});

test('a call reads as it was, in the place of its outcome; under way it is unknown, in the place of its intent', () => {
  const place = (seq: number) => ({ seq, prev_hash: `before ${seq}`, hash: `hash ${seq}` });
  const asked = { id: 'c1', ts: '1970-01-01T00:00:01.000Z', ...INTENT };
  assert.deepEqual(toCallRecord({ intent: intentOf(), outcome: outcomeOf() }), { ...asked, ...OUTCOME, ...place(2) });
  assert.deepEqual(toCallRecord({ intent: intentOf(), outcome: null }), {
    ...asked,
    ...{ status: 'unknown', error_code: null, latency_ms: null, upstream_ms: null, response_bytes: 0 },
    ...{ secret_versions: [], attempts: null, retry_reason: null, input_rounds: 0, input_asked: [] },
    ...place(1),
  });
  const { server } = toCallRecord({ intent: { ...intentOf(), server: null }, outcome: null });
  assert.equal(server, '');
});

test('each word that a call can have is read again', () => {
  for (const credential_kind of ['device', 'grant', 'oauth', 'forwarded'] as const)
    assert.equal(
      toCallRecord({ intent: intentOf({ credential_kind }), outcome: null }).credential_kind,
      credential_kind,
    );
  for (const decision of ['allow', 'deny', 'would_deny'] as const)
    assert.equal(toCallRecord({ intent: intentOf({ decision }), outcome: null }).decision, decision);
  const read = (more: Partial<CallOutcome>) => toCallRecord({ intent: intentOf(), outcome: outcomeOf(more) });
  for (const status of ['ok', 'tool_error', 'denied', 'failed', 'cancelled', 'timeout', 'unknown'] as const)
    assert.equal(read({ status }).status, status);
  for (const retry_reason of ['never_sent', 'unauthorized', 'session_lost', 'read_only', 'idempotent', null] as const)
    assert.equal(read({ retry_reason }).retry_reason, retry_reason);
  for (const asked of ['elicitation', 'roots', 'sampling'] as const)
    assert.deepEqual(read({ input_asked: [asked] }).input_asked, [asked]);
  const bare = { error_code: 'denied', upstream_ms: null, attempts: null };
  const { error_code, upstream_ms, attempts } = read(bare);
  assert.deepEqual({ error_code, upstream_ms, attempts }, bare);
});

test('figures that older brokers did not write read as not known, or as zero', () => {
  const { attempts: _a, retry_reason: _b, input_rounds: _c, input_asked: _d, ...less } = OUTCOME;
  const { attempts, retry_reason, input_rounds, input_asked } = toCallRecord({
    intent: intentOf(),
    outcome: { ...outcomeOf(), data: JSON.stringify(less) },
  });
  assert.deepEqual(
    { attempts, retry_reason, input_rounds, input_asked },
    {
      ...{ attempts: null, retry_reason: null, input_rounds: 0, input_asked: [] },
    },
  );
});

test('a call whose row somebody has changed is not read as something else', () => {
  for (const data of ['', '{', '{}', 'null', JSON.stringify({ ...INTENT, decision: 'maybe' })])
    assert.throws(() => toCallRecord({ intent: { ...intentOf(), data }, outcome: null }), isChanged);
  assert.throws(
    () => toCallRecord({ intent: intentOf(), outcome: { ...outcomeOf(), data: '{}' } }),
    /record o1 is not/,
  );
});

test('an event reads as it was, and not where somebody has changed it', () => {
  const { data: _data, ...columns } = eventRow(EVENT, 'e1', 1_000);
  assert.deepEqual(columns, {
    ...{ id: 'e1', workspaceId: 'team-a', ts: 1_000, type: 'secret.set', callId: null, actor: 'host:root' },
    ...{ subject: 'secret:github', server: null, toolName: null },
  });
  const row = placed(eventRow(EVENT, 'e1', 1_000), 5);
  const place = { seq: 5, prev_hash: 'before 5', hash: 'hash 5' };
  assert.deepEqual(toLoggedEvent(row), { ...EVENT, id: 'e1', ts: '1970-01-01T00:00:01.000Z', ...place });
  const bare = { ...EVENT, subject: null, address: null };
  const { subject, address } = toLoggedEvent(placed(eventRow(bare, 'e1', 1_000), 5));
  assert.deepEqual([subject, address], [null, null]);
  assert.equal(toLoggedEvent({ ...row, actor: null }).actor, '');
  for (const data of ['{', '{}', '{"address":null}', '{"address":null,"data":{"a":{}}}'])
    assert.throws(() => toLoggedEvent({ ...row, data }), isChanged);
});
