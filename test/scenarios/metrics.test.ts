// What the pages and examples say of metrics, held against a real broker and a real Prometheus.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { REPOSITORY } from '../step.ts';
import { runCommand } from '../world/command.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { startPrometheus } from '../world/prometheus.ts';
import type { World } from '../world.ts';

const RULES = join(REPOSITORY, 'docs/examples/prometheus-rules.yaml');

interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
}
const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: AlertRule[] }[] };
const rules = groups.flatMap((group) => group.rules);

interface Dashboard {
  templating: { list: { query: string }[] };
  panels: { title: string; targets?: { expr: string; legendFormat: string }[] }[];
}
const dashboard = JSON.parse(
  readFileSync(join(REPOSITORY, 'docs/examples/grafana-dashboard.json'), 'utf8'),
) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: of = [] }) => of.map((each) => ({ title, ...each })));

/** The kind of each metric that the broker says it has, and the labels of its series. */
async function metricsOf(world: World) {
  const text = await (await fetch(`${world.broker.listenUrl}/metrics`)).text();
  const kinds = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', kind = '']) => [name, kind]));
  const labels = new Map([...kinds.keys()].map((name) => [name, new Set<string>()]));
  for (const [, series = '', within = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const name = kinds.has(series) ? series : series.replace(/_(?:bucket|sum|count)$/, '');
    for (const [, label = ''] of within.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g))
      if (label !== 'le') labels.get(name)?.add(label);
  }
  return { text, kinds, labels };
}

/** Those of the page, with the labels that it says they have. */
const written = new Map(
  [
    ...readFileSync(join(REPOSITORY, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(mcpgate_\w+)(?:\{([\w,]+)\})?` \|/gm),
  ].map(([, name = '', labels = '']) => [name, labels === '' ? [] : labels.split(',')]),
);

let world: World;
before(async (context) => {
  const t = context as TestContext;
  ({ world } = await createCountingWorld(t));
  const ada = await world.member('ada');
  const client = await ada.aiClient();
  assert.equal((await client.call('counting__echo', { text: 'x' })).text, 'x');
  for (const name of ['stranger__up', 'stranger7__echo', 'counting__no_such_tool'])
    await client.call(name).catch(() => undefined);
});

test('the page has every metric with its labels, and no other', async () => {
  const { kinds, labels } = await metricsOf(world);
  const own = [...kinds.keys()].filter((name) => name.startsWith('mcpgate_'));
  assert.deepEqual(own.toSorted(), [...written.keys()].toSorted());
  for (const [name, seen] of labels)
    for (const label of seen)
      assert.ok(!name.startsWith('mcpgate_') || written.get(name)?.includes(label), `${name}{${label}}`);
});

test('what a caller writes is no label; what mcpgate takes itself falls into more than one bucket', async () => {
  const { text } = await metricsOf(world);
  assert.doesNotMatch(text, /stranger/);
  assert.match(
    text,
    /^mcpgate_calls_total\{workspace="default",server="\(none\)",status="failed",decision="allow"\} 2$/m,
  );
  assert.match(text, /^mcpgate_calls_total\{workspace="default",server="counting",status="ok",decision="allow"\} 1$/m);
  assert.match(text, /^mcpgate_call_duration_seconds_bucket\{le="0.0001",workspace="default",server="counting"\} \d/m);
  assert.match(text, /^mcpgate_call_upstream_seconds_count\{workspace="default",server="counting"\} 1$/m);
});

test('every expression of the alerts and the dashboard names metrics and labels that there are', async () => {
  const { kinds } = await metricsOf(world);
  const expressions = [...rules.map(({ expr }) => expr), ...targets.map(({ expr }) => expr)];
  const queries = dashboard.templating.list.map(({ query }) => query);
  for (const expression of [...expressions, ...queries]) {
    for (const [, name = ''] of expression.matchAll(/\b((?:mcpgate|process|nodejs)_\w+)/g)) {
      const base = name.replace(/_(?:bucket|sum|count)$/, '');
      assert.ok(kinds.has(name) || kinds.get(base) === 'histogram', `${name} in ${expression}`);
    }
    const named = [...expression.matchAll(/\b(mcpgate_\w+?)(?:_bucket)?\{([^}]*)\}/g)];
    for (const [, name = '', within = ''] of named)
      for (const [, label = ''] of within.matchAll(/(\w+)(?:=~|!=|!~|=)"/g))
        assert.ok(written.get(name)?.includes(label), `${name}{${label}} in ${expression}`);
  }
  const shown = targets.map(({ expr }) => expr).join('\n');
  const unseen = [...written.keys()].filter((name) => !new RegExp(`\\b${name}(?:_bucket)?\\b`).test(shown));
  assert.deepEqual(unseen, ['mcpgate_enforcement', 'mcpgate_build_info'], 'metrics without a panel');
  // A legend names labels that its expression keeps.
  for (const { title, expr, legendFormat } of targets)
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.ok(new RegExp(`\\b${label}\\b`).test(expr) || label === 'instance', `${label} of ${title}`);
});

test('a Prometheus reads the broker, and evaluates each rule and each panel; who has no backup hears of it', async (t) => {
  const { ask } = await startPrometheus(t, {
    folder: join(world.root, 'prometheus'),
    target: new URL(world.broker.listenUrl).host,
    rules: RULES,
  });
  const values: Record<string, string> = { $__rate_interval: '1m', $workspace: '.*', $job: 'mcpgate' };
  const seen = new Map<string, number>();
  for (const { title, expr } of targets) {
    const query = expr.replaceAll(/\$\w+/g, (name) => values[name] ?? name);
    const { result } = (await ask(`query?query=${encodeURIComponent(query)}`)) as { result: unknown[] };
    seen.set(title, (seen.get(title) ?? 0) + result.length);
  }
  for (const title of ['Brokers', 'Calls by server', 'Time of a call', 'Circuits and flapping', 'Memory'])
    assert.notEqual(seen.get(title), 0, `the panel ${title} is empty`);
  const state = (await ask('rules')) as { groups: { rules: { name: string; health: string; state: string }[] }[] };
  const evaluated = state.groups.flatMap((group) => group.rules);
  assert.equal(evaluated.length, rules.length);
  for (const { name, health } of evaluated) assert.equal(health, 'ok', name);
  // A machine that runs tests may be at its limit, which is no mistake of the rule.
  const on = evaluated
    .filter(({ name, state: of }) => of !== 'inactive' && name !== 'McpgateEventLoopLate')
    .map(({ name }) => name);
  assert.deepEqual(on, ['McpgateNoBackup'], 'a broker with nothing wrong but that');
});

const DAY = 86_400;
/** For each alert series that raise it. */
const RAISED: Record<string, Record<string, string>> = {
  McpgateBrokerDown: { 'up{job="mcpgate"}': '0x20' },
  McpgateAuditUnwritable: { mcpgate_audit_unwritable: '1x20' },
  McpgateAuditLags: { mcpgate_audit_lag_seconds: '6x20' },
  McpgateBrokerDeaf: { mcpgate_deaf: '1x20' },
  McpgateBrokerNotScraped: { mcpgate_brokers: '2x20', 'up{job="mcpgate"}': '1x20' },
  McpgateDrainsLong: { mcpgate_draining: '1x20' },
  McpgateUnexpectedErrors: { 'mcpgate_unexpected_errors_total{kind="rejection"}': '0x10 1x10' },
  McpgateEventLoopLate: { 'mcpgate_event_loop_delay_seconds{quantile="0.99"}': '0.2x20' },
  McpgateCallsFail: {
    'mcpgate_calls_total{workspace="default",server="wiki",status="ok",decision="allow"}': '0+10x40',
    'mcpgate_calls_total{workspace="default",server="wiki",status="failed",decision="allow"}': '0+10x40',
  },
  McpgateServerFailed: { 'mcpgate_upstream_state{workspace="default",server="wiki",state="failed"}': '1x40' },
  McpgateServerFlaps: { 'mcpgate_upstream_flapping{workspace="default",server="wiki"}': '1x40' },
  McpgateServerCircuitOpen: { 'mcpgate_upstream_circuit_open{workspace="default",server="wiki"}': '1x40' },
  McpgateSecretExpires: { 'mcpgate_secret_expires_in_seconds{workspace="default",secret="key"}': `${DAY}x20` },
  McpgateSecretOld: { 'mcpgate_secret_age_seconds{workspace="default",secret="key"}': `${200 * DAY}x20` },
  McpgateSecretUnverified: { 'mcpgate_secret_unverified{workspace="default",secret="key"}': '1x100' },
  McpgateSecretSourceAway: { 'mcpgate_secret_sources{kind="vault",state="away"}': '1x20' },
  McpgateHookAway: { 'mcpgate_hook_away{workspace="default",hook="authorize"}': '1x20' },
  McpgateHookUnanswered: {
    'mcpgate_hook_answers_total{workspace="default",hook="authorize",decision="deny",source="none"}': '0+10x40',
    'mcpgate_hook_answers_total{workspace="default",hook="authorize",decision="allow",source="hook"}': '0+10x40',
  },
  McpgateDeliveriesLag: { 'mcpgate_delivery_lag_seconds{workspace="default",destination="log:x"}': '700x20' },
  McpgateCheckpointsNotKept: { 'mcpgate_checkpoint_kept{place="file:/x"}': '0x20' },
  McpgateArchivingFails: { mcpgate_audit_archive_failures_total: '0x10 1x10' },
  McpgateTracesDropped: { 'mcpgate_trace_spans_total{result="dropped"}': '0x10 1x10' },
  McpgateDeliveriesLost: { 'mcpgate_events_total{type="delivery.lost"}': '0x10 1x10' },
  McpgateLimitsExceeded: { 'mcpgate_limits_exceeded_total{workspace="default",effect="deny"}': '0+20x20' },
  McpgateStrangers: {
    'mcpgate_tunnel_rejected_total{reason="token"}': '0+100x20',
    'mcpgate_http_bad_requests_total{reason="timeout"}': '0+1x20',
  },
  McpgateOddMessages: { 'mcpgate_messages_refused_total{reason="unknown_task"}': '0+10x20' },
  McpgateApprovalWaits: { 'mcpgate_approvals_oldest_seconds{workspace="default"}': '2000x20' },
  McpgateNotEnforced: { 'mcpgate_enforcement{workspace="default",mode="observe"}': '1x100' },
  McpgateBackupOld: { mcpgate_last_backup_timestamp_seconds: `${-8 * DAY}x20` },
  McpgateNoBackup: { 'mcpgate_build_info{version="1"}': '1x2000' },
};
const AT: Record<string, string> = {
  McpgateNotEnforced: '80m',
  McpgateNoBackup: '25h',
  McpgateCallsFail: '35m',
  McpgateHookUnanswered: '35m',
  McpgateSecretUnverified: '80m',
};

test('promtool finds nothing wrong with the rules, and each is raised by what it is for, by that alone', async () => {
  assert.deepEqual(Object.keys(RAISED).toSorted(), rules.map(({ alert }) => alert).toSorted());
  const tests = Object.entries(RAISED).map(([alert, series]) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: 'count(ALERTS{alertstate="firing"}) by (alertname)',
        eval_time: AT[alert] ?? '16m',
        exp_samples: [{ labels: `{alertname="${alert}"}`, value: 1 }],
      },
    ],
  }));
  const file = join(world.root, 'rules.test.json');
  writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', file],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(['promtool', ...args], { env: { PATH: process.env['PATH'] } });
    assert.equal(code, 0, stdout + stderr);
  }
});
