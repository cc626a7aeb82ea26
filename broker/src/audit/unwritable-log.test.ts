// A log that cannot be written for a while, on a real database: what it says of that itself, and what whoever runs the broker is told.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { until } from 'mcpgate-test/world/until';
import { z } from 'zod';
import { GateError } from 'mcpgate-shared/error';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import type { AuditEvent, CallIntent, CallOutcome } from '../domain/call-record.ts';
import { AppendInDoubt } from '../store/audit/row.ts';
import { temporaryFolder } from '../store/fixtures/both-engines.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import type { Audit } from './audit.ts';
import { createAudit } from './create-audit.ts';
import { TEST_KEYS } from './fixtures/test-keys.ts';

const INTENT: CallIntent = {
  ...{ workspace_id: 'default', member_id: 'u1', member: 'ada', credential_kind: 'device', credential_id: 'd1' },
  ...{ credential_label: 'laptop', device: 'laptop', client_name: null, client_version: null, session_id: 's1' },
  ...{ server: 'github', method: 'tools/call', tool_name: 'github__search', decision: 'allow', rule: null },
  ...{ policy_version: 1, request_bytes: 1, args_digest: null, arg_keys: [], trace_id: null },
};
const OUTCOME: CallOutcome = {
  ...{ status: 'ok', error_code: null, latency_ms: 1, upstream_ms: 1, response_bytes: 1, secret_versions: [] },
  ...{ attempts: 1, retry_reason: null, input_rounds: 0, input_asked: [] },
};
const EVENT: AuditEvent = {
  ...{ workspace_id: 'default', type: 'auth.rejected', actor: 'anonymous', subject: null, address: '192.0.2.1' },
  data: { door: 'mcp', reason: 'unknown' },
};
const ALL = { workspaceId: 'default', limit: 1_000 };
const messageOf = (err: unknown) => z.looseObject({ message: z.string() }).parse(err).message;
const LineSchema = z.looseObject({ msg: z.string() });

/** `fails`: how the next appends do. `lost`: the rows are there, and the answer is not. */
async function open(t: TestContext) {
  const clock = steppedClock();
  const lines: z.output<typeof LineSchema>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(LineSchema.parse(JSON.parse(line))) });
  const store = await openStore({ dataDir: temporaryFolder(t), log: pino({ level: 'silent' }), clock });
  t.after(() => store.close());
  const weather = { fails: false, lost: false };
  const append: Store['audit']['append'] = async (rows) => {
    if (weather.lost) {
      weather.lost = false;
      await store.audit.append(rows);
      weather.fails = true;
      throw new AppendInDoubt('unavailable', 'cut');
    }
    if (weather.fails) throw new GateError('unavailable', 'away');
    await store.audit.append(rows);
  };
  const chain: Store['audit']['chain'] = (...asked) =>
    weather.fails ? Promise.reject(new GateError('unavailable', 'away')) : store.audit.chain(...asked);
  const audit = createAudit({
    ...{ clock, log, writerId: 'w1', keys: TEST_KEYS },
    store: { ...store, audit: { ...store.audit, append, chain } },
  });
  const heard: Parameters<Parameters<Audit['onRecord']>[0]>[0][] = [];
  audit.onRecord((record) => heard.push(record));
  const settle = async () => {
    weather.fails = false;
    clock.advance(500);
    await audit.flush();
  };
  return { audit, clock, lines, weather, heard, settle };
}

test('the log records from when to when it could not be written, why, and how many appends were refused; so does the broker’s own log', async (t) => {
  const { audit, clock, lines, weather, settle } = await open(t);
  weather.fails = true;
  for (let count = 0; count < 2; count++) await assert.rejects(audit.event(EVENT), { code: 'unavailable' });
  clock.advance(100);
  await settle();
  const events = (await audit.searchEvents({ ...ALL, type: 'audit.*' })).toReversed();
  const common = { workspace_id: 'default', actor: 'broker', subject: null, address: null };
  assert.deepEqual(
    events.map(({ id: _id, ts: _ts, seq: _seq, prev_hash: _before, hash: _hash, ...rest }) => rest),
    [
      { ...common, type: 'audit.unwritable', data: { why: 'away' } },
      { ...common, type: 'audit.writable', data: { why: 'away', ms: 600, refused: 2 } },
    ],
  );
  assert.deepEqual(
    lines.map(({ level, msg, ms, refused }) => [level, msg, ms, refused]),
    [
      [50, 'the audit log cannot be written: calls are refused until it can', undefined, undefined],
      [40, 'the audit log can be written again', 600, 2],
    ],
  );
  assert.equal(messageOf(lines[0]?.['err']), 'away');
});

test('how far the log is behind is told: rows, and how long the oldest waits', async (t) => {
  const { audit, clock, weather, settle } = await open(t);
  assert.deepEqual(audit.behind, { rows: 0, ms: 0 });
  const under = audit.event(EVENT);
  clock.advance(7);
  assert.deepEqual(audit.behind, { rows: 1, ms: 7 });
  await under;
  assert.deepEqual(audit.behind, { rows: 0, ms: 0 });
  const call = await audit.beginCall(INTENT);
  weather.fails = true;
  await assert.rejects(audit.endCall(call, INTENT, OUTCOME), { code: 'unavailable' });
  clock.advance(90);
  const { rows, ms } = audit.behind;
  assert.ok(rows >= 2 && ms === 90, `${rows} rows, ${ms} ms: the outcome, and that the log cannot be written`);
  await settle();
  assert.equal(audit.behind.rows, 0);
});

test('a call that was refused, and is in the log because only its answer was lost, is there as one that was not forwarded', async (t) => {
  const { audit, weather, settle } = await open(t);
  weather.lost = true;
  await assert.rejects(audit.beginCall(INTENT), { code: 'unavailable' });
  await settle();
  const [record, ...more] = await audit.searchCalls(ALL);
  assert.ok(record !== undefined && more.length === 0);
  const { id: _id, ts: _ts, seq: _seq, prev_hash: _before, hash: _hash, ...rest } = record;
  assert.deepEqual(rest, {
    ...INTENT,
    ...{ status: 'failed', error_code: 'unavailable', latency_ms: 0, upstream_ms: null, response_bytes: 0 },
    ...{ secret_versions: [], attempts: 0, retry_reason: null, input_rounds: 0, input_asked: [] },
  });
});

test('an outcome that is committed only later is told to who listens then, once', async (t) => {
  const { audit, weather, heard, settle } = await open(t);
  const id = await audit.beginCall(INTENT);
  weather.fails = true;
  await assert.rejects(audit.endCall(id, INTENT, OUTCOME), { code: 'unavailable' });
  assert.deepEqual(heard, []);
  await settle();
  assert.deepEqual(heard, [{ kind: 'call', record: (await audit.searchCalls(ALL))[0] }]);
});

test('records that cannot be written when the broker ends are logged as lost, and the broker ends all the same', async (t) => {
  const { audit, lines, weather } = await open(t);
  for (let count = 0; count < 101; count++) await audit.refused(EVENT);
  const id = await audit.beginCall(INTENT);
  weather.fails = true;
  await assert.rejects(audit.endCall(id, INTENT, OUTCOME));
  lines.length = 0;
  await audit.flush();
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['what was refused could not be told'],
    'whoever reads the log meanwhile loses nothing',
  );
  assert.match(messageOf(lines[0]?.['err']), /^the audit log cannot be written/);
  lines.length = 0;
  await audit.close();
  const lost = lines.find(({ msg }) => msg === 'what the audit log could not be told is lost');
  assert.equal(lost?.['records'], 2, 'the outcome, and since when it could not');
});

test('where nothing is owed when the broker ends nothing is said to be lost', async (t) => {
  const { audit, lines, weather, settle } = await open(t);
  weather.fails = true;
  await assert.rejects(audit.event(EVENT));
  await settle();
  lines.length = 0;
  await audit.close();
  assert.deepEqual(lines, []);
});

test('the log goes on being tried by itself, also when somebody has read it meanwhile', async (t) => {
  const { audit, clock, weather } = await open(t);
  weather.fails = true;
  await assert.rejects(audit.event(EVENT));
  await audit.flush();
  assert.ok(audit.unwritable !== undefined);
  weather.fails = false;
  clock.advance(500);
  await until('the log to be written again', () => audit.unwritable === undefined && audit.behind.rows === 0);
  assert.deepEqual(
    (await audit.searchEvents(ALL)).map(({ type }) => type),
    ['audit.writable', 'audit.unwritable'],
  );
});

test('how many a flood refused that could not be recorded is told as a fault', async (t) => {
  const { audit, clock, lines, weather } = await open(t);
  for (let count = 0; count < 101; count++) await audit.refused(EVENT);
  weather.fails = true;
  clock.advance(60_000);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(
    lines.flatMap(({ msg, err }) => (msg === 'how many were refused could not be recorded' ? [messageOf(err)] : [])),
    ['the audit log cannot be written, so nothing is forwarded: away: away'],
  );
});

test('a listener that fails is told as a fault, and who is not there any more hears nothing', async (t) => {
  const { audit, lines, heard } = await open(t);
  const stop = audit.onRecord(() => {
    throw new Error('broken');
  });
  await audit.event(EVENT);
  stop();
  await audit.recordCall(INTENT, OUTCOME);
  assert.deepEqual(
    heard.map(({ kind }) => kind),
    ['event', 'call'],
  );
  assert.deepEqual(
    lines.map(({ level, msg, err }) => [level, msg, messageOf(err)]),
    [[50, 'an audit listener failed', 'broken']],
  );
});
