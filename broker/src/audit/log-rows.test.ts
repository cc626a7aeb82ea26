// Calls and events as rows and back: all of them, also from brokers that wrote less, and never what somebody has changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { CallIntent, CallOutcome } from '../domain/call-record.ts';
import { momentOf } from '../domain/record-id.ts';
import type { OldFields, RowOf } from '../store/audit/row.ts';
import { eventRow, intentRow, outcomeRow, ROW_BEFORE, toCallRecord, toLoggedEvent } from './log-rows.ts';

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
const placed = <R>(row: R, seq: number) => ({
  ...row,
  ...{ chain: 'w1', seq, position: seq, seal: null, prevHash: `before ${seq}`, hash: `hash ${seq}` },
});
const name = (id: string, ms: number) => ({ id, at: momentOf(ms) });
const intentOf = (more: Partial<CallIntent> = {}) => placed(intentRow({ ...INTENT, ...more }, name('c1', 1_000)), 1);
const outcomeOf = (more: Partial<CallOutcome> = {}) => {
  const call = { chain: 'w1', seq: 1 };
  return placed({ ...outcomeRow('team-a', call, { ...OUTCOME, ...more }, name('o1', 1_013)), call }, 2);
};
/** A row as versions before the format 2 have written it. */
const oldRow = (fields: Partial<OldFields>, id: string, seq: number): RowOf<'old'> =>
  placed(
    {
      ...{ kind: 'old', id, at: momentOf(1_000), workspaceId: 'team-a', ts: 1_000, type: 'call.intent' },
      ...{ callId: 'c1', actor: 'ada', subject: null, server: 'github', toolName: 'github__search', data: '' },
      ...fields,
    },
    seq,
  );
const CHANGED =
  /is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it$/;
const isChanged = (error: unknown) => {
  assert.ok(error instanceof GateError && error.cause instanceof Error, 'with why it could not be read');
  assert.deepEqual([error.code, CHANGED.test(error.message)], ['internal', true]);
  return true;
};

test('who called what stands in the intent; the outcome names the row of its intent', () => {
  assert.deepEqual(intentRow(INTENT, name('c1', 1_000)), {
    ...{ kind: 'intent', ...name('c1', 1_000), workspaceId: 'team-a', actor: 'ada', server: 'github' },
    toolName: 'github__search',
    caller:
      '{"client_name":"claude-code","client_version":"2.1.0","credential_id":"d1","credential_kind":"device","credential_label":"laptop","device":"laptop","member":"ada","member_id":"u1"}',
    policy: '{"decision":"allow","rule":"r_abcdef","version":3}',
    asked: '{"arg_keys":["query"],"method":"tools/call"}',
    ...{ requestBytes: 120, argsDigest: 'd', sessionId: 's1', traceId: 't' },
  });
  assert.deepEqual(outcomeRow('team-a', ROW_BEFORE, OUTCOME, name('o1', 1_013)), {
    ...{ kind: 'outcome', ...name('o1', 1_013), workspaceId: 'team-a', call: ROW_BEFORE },
    ended:
      '{"attempts":2,"error_code":null,"input_asked":["elicitation"],"input_rounds":2,"retry_reason":"unauthorized","secret_versions":["github@2"],"status":"ok"}',
    ...{ latencyMs: 12.5, upstreamMs: 11, responseBytes: 2_000 },
  });
  const grant = intentRow({ ...INTENT, member: null, credential_label: 'ci', tool_name: null }, name('c1', 1_000));
  assert.deepEqual([grant.actor, grant.toolName], ['grant:ci', null]);
  const long = intentRow({ ...INTENT, tool_name: `a\0b\uD800${'x'.repeat(2_000)}` }, name('c1', 1_000));
  assert.equal(long.toolName, `a\uFFFDb\uFFFD${'x'.repeat(1_020)}`);
  const strange = intentRow({ ...INTENT, client_name: '\uD800"', arg_keys: ['\uDC00'] }, name('c1', 1_000));
  assert.ok(strange.caller.startsWith('{"client_name":"\uFFFD\\""'));
  assert.ok(strange.asked.startsWith('{"arg_keys":["\uFFFD"]'));
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

const OLD_INTENT = JSON.stringify({ ...INTENT, workspace_id: undefined, server: undefined, tool_name: undefined });

test('calls and events of versions before the format 2 read as they were', () => {
  const intent = oldRow({ data: OLD_INTENT }, 'c1', 1);
  const outcome = oldRow({ type: 'call.outcome', data: JSON.stringify(OUTCOME) }, 'o1', 2);
  const place = (seq: number) => ({ seq, prev_hash: `before ${seq}`, hash: `hash ${seq}` });
  const asked = { id: 'c1', ts: '1970-01-01T00:00:01.000Z', ...INTENT };
  assert.deepEqual(toCallRecord({ intent, outcome }), { ...asked, ...OUTCOME, ...place(2) });
  assert.equal(toCallRecord({ intent: { ...intent, server: null }, outcome: null }).server, '');
  const data = JSON.stringify({ address: EVENT.address, data: EVENT.data });
  const { type, actor, subject } = EVENT;
  const event = oldRow({ ...{ type, actor, subject, data, callId: null, server: null, toolName: null } }, 'e1', 5);
  assert.deepEqual(toLoggedEvent(event), { ...EVENT, id: 'e1', ts: '1970-01-01T00:00:01.000Z', ...place(5) });
  assert.equal(toLoggedEvent({ ...event, actor: null }).actor, '');
});

test('figures that the first brokers did not write read as not known, or as zero', () => {
  const { attempts: _a, retry_reason: _b, input_rounds: _c, input_asked: _d, ...less } = OUTCOME;
  const { attempts, retry_reason, input_rounds, input_asked } = toCallRecord({
    intent: oldRow({ data: OLD_INTENT }, 'c1', 1),
    outcome: oldRow({ type: 'call.outcome', data: JSON.stringify(less) }, 'o1', 2),
  });
  assert.deepEqual(
    { attempts, retry_reason, input_rounds, input_asked },
    {
      ...{ attempts: null, retry_reason: null, input_rounds: 0, input_asked: [] },
    },
  );
});

test('a call whose row somebody has changed is not read as something else', () => {
  for (const text of ['', '{', '{}', 'null', '{"decision":"maybe","rule":null,"version":1}'])
    for (const member of ['caller', 'policy', 'asked'])
      assert.throws(() => toCallRecord({ intent: { ...intentOf(), [member]: text }, outcome: null }), isChanged);
  assert.throws(() => toCallRecord({ intent: oldRow({ data: '{}' }, 'c1', 1), outcome: null }), isChanged);
  const changed = { ...outcomeOf(), ended: '{}' };
  assert.throws(() => toCallRecord({ intent: intentOf(), outcome: changed }), /record o1 is not/);
});

test('an event reads as it was, and not where somebody has changed it', () => {
  const row = placed(eventRow(EVENT, name('e1', 1_000)), 5);
  assert.deepEqual(eventRow(EVENT, name('e1', 1_000)), {
    ...{ kind: 'event', ...name('e1', 1_000), workspaceId: 'team-a', type: 'secret.set', actor: 'host:root' },
    subject: 'secret:github',
    details: '{"address":"192.0.2.1","data":{"first":false,"name":"x","note":null,"servers":["github"],"version":2}}',
  });
  const place = { seq: 5, prev_hash: 'before 5', hash: 'hash 5' };
  assert.deepEqual(toLoggedEvent(row), { ...EVENT, id: 'e1', ts: '1970-01-01T00:00:01.000Z', ...place });
  const bare = { ...EVENT, subject: null, address: null };
  const { subject, address } = toLoggedEvent(placed(eventRow(bare, name('e1', 1_000)), 5));
  assert.deepEqual([subject, address], [null, null]);
  for (const details of ['{', '{}', '{"address":null}', '{"address":null,"data":{"a":{}}}'])
    assert.throws(() => toLoggedEvent({ ...row, details }), isChanged);
});
