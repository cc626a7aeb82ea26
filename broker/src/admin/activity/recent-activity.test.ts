// The figures of the last hour: what is counted as what, for how long, and what strangers cannot put into them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audit } from '../../audit/audit.ts';
import type { CallRecord } from '../../domain/call-record.ts';
import { createRecentActivity } from './recent-activity.ts';

const START = Date.parse('2026-12-01T10:00:30.000Z');
const MINUTE = 60_000;

function open() {
  let now = START;
  let listener: Parameters<Audit['onRecord']>[0] | undefined;
  const activity = createRecentActivity({
    audit: {
      onRecord(each) {
        listener = each;
        return () => {
          listener = undefined;
        };
      },
    },
    isServer: (workspaceId, name) => workspaceId === 'default' && ['github', 'sentry'].includes(name),
    clock: { now: () => now },
  });
  return {
    activity,
    pass: (ms: number) => (now += ms),
    /** One call, as the log has it once it has ended. */
    call(record: Partial<CallRecord> = {}) {
      const usual = {
        ...{ workspace_id: 'default', server: 'github', method: 'tools/call', tool_name: 'github__search' },
        ...{ decision: 'allow', status: 'ok', upstream_ms: 10 },
      } as const;
      listener?.({ kind: 'call', record: { ...usual, ...record } as CallRecord });
    },
  };
}

test('calls are counted by minute as what became of them; what was cancelled is a call and no failure', () => {
  const { activity, call, pass } = open();
  for (const status of ['ok', 'tool_error', 'failed', 'timeout', 'unknown', 'cancelled'] as const) call({ status });
  pass(MINUTE);
  call({ decision: 'deny', status: 'denied', upstream_ms: null });
  call({ decision: 'would_deny' });
  const { since, minutes } = activity.of('default');
  assert.equal(since, '2026-12-01T10:00:30.000Z');
  assert.deepEqual(minutes, [
    { at: '2026-12-01T10:00:00.000Z', calls: 6, tool_errors: 1, failed: 3, denied: 0 },
    { at: '2026-12-01T10:01:00.000Z', calls: 2, tool_errors: 0, failed: 0, denied: 1 },
  ]);
});

test('an hour later all of it is gone, and each minute in between is there, with nothing in it', () => {
  const { activity, call, pass } = open();
  call();
  pass(59 * MINUTE);
  assert.equal(activity.of('default').minutes[0]?.calls, 1);
  pass(12 * MINUTE);
  const { since, minutes, servers } = activity.of('default');
  assert.equal(since, '2026-12-01T10:11:30.000Z');
  assert.deepEqual([minutes.length, minutes.every(({ calls }) => calls === 0)], [61, true]);
  assert.deepEqual(servers, []);
});

test('latencies are those of the server, within a fifth; servers and tools stand with the busiest first', () => {
  const { activity, call } = open();
  for (let ms = 1; ms <= 100; ms += 1) call({ upstream_ms: ms });
  call({ tool_name: 'github__get_issue', upstream_ms: 5_000 });
  call({ server: 'sentry', tool_name: 'sentry__find', decision: 'deny', status: 'denied', upstream_ms: null });
  const { servers, tools } = activity.of('default', { server: 'github' });
  const within = (value: number | null | undefined, expected: number) =>
    assert.ok(
      value !== null && value !== undefined && Math.abs(value / expected - 1) <= 0.2,
      `${value} for ${expected}`,
    );
  assert.deepEqual(
    servers.map(({ name, calls, denied }) => [name, calls, denied]),
    [
      ['github', 101, 0],
      ['sentry', 1, 1],
    ],
  );
  within(tools[0]?.p50_ms, 50);
  within(tools[0]?.p95_ms, 95);
  within(tools[1]?.p95_ms, 5_000);
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['github__search', 'github__get_issue'],
  );
  assert.deepEqual([servers[1]?.p50_ms, servers[1]?.p95_ms], [null, null]);
});

test('of one server there is every ten minutes of six hours, with how long it took then, also where it was silent for an hour', () => {
  const { activity, call, pass } = open();
  for (let count = 0; count < 10; count += 1) call({ upstream_ms: 20 });
  pass(10 * MINUTE);
  call({ upstream_ms: 900, status: 'tool_error' });
  pass(120 * MINUTE);
  const { history, servers, minutes } = activity.of('default', { server: 'github', hours: 6 });
  assert.deepEqual([history.length, minutes.length, servers], [14, 131, []]);
  const [first, second, third] = history;
  assert.deepEqual([first?.at, first?.calls, second?.tool_errors], ['2026-12-01T10:00:00.000Z', 10, 1]);
  assert.ok(Number(first?.p95_ms) < 30 && Number(second?.p50_ms) > 700);
  assert.deepEqual([third?.calls, third?.p50_ms], [0, null]);
  assert.deepEqual(activity.of('default', { server: 'made-up' }).history, []);
  pass(5 * 60 * MINUTE);
  const later = activity.of('default', { server: 'github', hours: 6 });
  assert.deepEqual([later.history.length, later.minutes.length], [37, 361]);
  assert.ok(
    later.history.every(({ calls }) => calls === 0),
    'what is older is gone',
  );
});

test('servers and tools that a caller made up are counted in the minutes alone; another workspace sees nothing', () => {
  const { activity, call } = open();
  for (let each = 0; each < 5_000; each += 1) {
    call({ server: `made-up-${each}`, status: 'failed', upstream_ms: null });
    call({ tool_name: `github__made_up_${each}`, status: 'failed', upstream_ms: null });
  }
  const { minutes, servers, tools } = activity.of('default', { server: 'github' });
  assert.deepEqual([minutes[0]?.calls, servers.length, servers[0]?.failed, tools.length], [10_000, 1, 5_000, 0]);
  const other = activity.of('team-b', { server: 'github' });
  assert.deepEqual([other.minutes[0]?.calls, other.servers, other.tools], [0, [], []]);
});

test('once it is closed nothing is counted', () => {
  const { activity, call } = open();
  activity.close();
  call();
  assert.equal(activity.of('default').minutes[0]?.calls, 0);
});
