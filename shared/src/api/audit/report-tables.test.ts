// What the report counts under which question, of a report as a broker answers it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report, ReportedCalls } from './report.ts';
import { reportSections, type ReportTable } from './report-tables.ts';

const AT = '2026-11-30T12:00:00.000Z';

function reportOf(types: readonly string[], calls: Readonly<Record<string, number>> = {}): Report {
  const eventOf = (type: string, index: number): Report['events'][number] => ({
    ...{ id: `e_${index}`, ts: AT, workspace_id: 'default', type, actor: 'user:ada', subject: null },
    ...{ address: null, data: {} },
  });
  const callsOf = ([status, count]: [string, number]): ReportedCalls => ({
    ...{ actor: 'user:ada', server: 'git', tool: 'git__push', decision: 'allow', rule: null, status },
    ...{ secret_versions: [], calls: count, first_at: AT, last_at: AT },
  });
  return {
    ...{ workspace: 'default', url: 'http://broker', version: '1', since: AT, until: AT, made_at: AT, made_by: 'ada' },
    ...{ last_checkpoint_at: AT, rules: [], people: [], grants: [], admin_tokens: [], secrets: [], archives: [] },
    access: { policy_version: 1, enforcement: 'enforce', people: 0, things: 0, never_listed: [], rows: [] },
    calls: Object.entries(calls).map(callsOf),
    events: types.map(eventOf),
    event_counts: Object.fromEntries(types.map((type) => [type, types.filter((each) => each === type).length])),
    left_out: 0,
  };
}

function tableOf(report: Report, name: string): ReportTable {
  const found = reportSections(report)
    .flatMap(({ tables }) => tables)
    .find((table) => table.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

const answerTo = (report: Report, asked: string): string | undefined =>
  reportSections(report).find(({ criterion }) => criterion === asked)?.answer;

test('approvals are the steps of approvals; a request that was refused at a door is none of them, whoever sent it', () => {
  const report = reportOf(['request.refused', 'approval.asked', 'request.refused', 'approval.refused']);
  assert.deepEqual(
    tableOf(report, 'approvals').rows.map(([, type]) => type),
    ['approval.asked', 'approval.refused'],
  );
  assert.match(answerTo(report, 'CC6.3') ?? '', /; 2 steps of approvals\.$/);
  assert.match(answerTo(report, 'CC7.2') ?? '', /; 2 requests refused\.$/);
});

test('both tables count the same calls as failed, and one that its client cancelled is none of these', () => {
  const report = reportOf([], { ok: 1, tool_error: 2, denied: 4, failed: 8, timeout: 16, unknown: 32, cancelled: 64 });
  const { columns, rows } = tableOf(report, 'calls');
  const [row = []] = rows;
  const cells = Object.fromEntries(columns.map((column, index) => [column, row[index]]));
  const { Calls, Answered, Denied, Failed, Cancelled } = cells;
  assert.deepEqual(
    { Calls, Answered, Denied, Failed, Cancelled },
    {
      ...{ Calls: '127', Answered: '3', Denied: '4', Failed: '56', Cancelled: '64' },
    },
  );
  const failures = tableOf(report, 'failures').rows;
  assert.deepEqual(
    failures.map(([, , status, count]) => `${status}: ${count}`),
    ['failed: 8', 'timeout: 16', 'unknown: 32'],
  );
  assert.equal(
    tableOf(reportOf([], { cancelled: 1 }), 'failures').rows.length,
    0,
    'cancelled by its client: not a failure of the server',
  );
});
