// What the database knows and `/metrics` tells: what waits for somebody's yes, how rules are enforced, limits, the last backup. What the database
// cannot say now is missing: whoever reads metrics must still get the others.
import type { Clock } from 'mcpgate-shared/clock';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ArchivesState } from '../../audit/archive/archives.ts';
import type { Limits } from '../../limits/limits.ts';
import type { Store } from '../../store/store.ts';
import { registerOneReading } from './one-reading.ts';

const ENFORCEMENTS = ['enforce', 'observe', 'off'] as const;

export interface StoredSources {
  store: { approvals: Pick<Store['approvals'], 'waiting'>; policy: Pick<Store['policy'], 'enforcements'> };
  limits: Pick<Limits, 'exceeded'>;
  /** The last backup that is kept; undefined where there was none. */
  lastBackup: () => Promise<{ at: string } | undefined>;
  /** How old rows of the log are archived. */
  archives: () => Pick<ArchivesState, 'rows' | 'failures' | 'lastRunAt'>;
  clock: Pick<Clock, 'now'>;
}

export function registerStoredMetrics(registry: Registry, sources: StoredSources): void {
  const { store, limits, lastBackup, archives, clock } = sources;
  const registers = [registry];
  const told = {
    oldest: {
      name: 'mcpgate_approvals_oldest_seconds',
      help: 'How long the oldest call or request for access has waited for a yes; 0: none waits',
      labelNames: ['workspace'],
    },
    waiting: {
      name: 'mcpgate_approvals_waiting',
      help: "Calls and requests for access that wait for somebody's yes",
      labelNames: ['workspace'],
    },
  } as const;
  registerOneReading(registry, told, async (gauges) => {
    const waiting = await store.approvals.waiting().catch(() => []);
    for (const gauge of Object.values(gauges)) gauge.reset();
    for (const { workspaceId: workspace, count, oldestAt } of waiting) {
      gauges.waiting.set({ workspace }, count);
      gauges.oldest.set({ workspace }, oldestAt === null ? 0 : Math.max(0, (clock.now() - oldestAt) / 1000));
    }
  });
  new Gauge({
    name: 'mcpgate_enforcement',
    help: '1 for how the rules of a workspace are enforced',
    labelNames: ['workspace', 'mode'],
    registers,
    async collect() {
      const modes = await store.policy.enforcements().catch(() => []);
      this.reset();
      for (const { workspaceId: workspace, enforcement } of modes)
        for (const mode of ENFORCEMENTS) this.set({ workspace, mode }, mode === enforcement ? 1 : 0);
    },
  });
  new Counter({
    name: 'mcpgate_limits_exceeded_total',
    help: 'Calls beyond a limit of a rule: denied, or only observed',
    labelNames: ['workspace', 'effect'],
    registers,
    collect() {
      this.reset();
      for (const { workspaceId: workspace, denied, observed } of limits.exceeded()) {
        this.inc({ workspace, effect: 'deny' }, denied);
        this.inc({ workspace, effect: 'observe' }, observed);
      }
    },
  });
  registerArchiveMetrics(registers, archives);
  new Gauge({
    name: 'mcpgate_last_backup_timestamp_seconds',
    help: 'When the last backup was made that is kept; missing where there was none',
    registers,
    async collect() {
      const last = await lastBackup().catch(() => undefined);
      // `reset` would say 0, which is a backup of 1970.
      this.remove();
      if (last !== undefined) this.set(Date.parse(last.at) / 1000);
    },
  });
}

function registerArchiveMetrics(registers: Registry[], archives: StoredSources['archives']): void {
  new Counter({
    name: 'mcpgate_audit_archived_rows_total',
    help: 'Rows of the audit log that this broker has moved into archives',
    registers,
    collect() {
      this.reset();
      this.inc(archives().rows);
    },
  });
  new Counter({
    name: 'mcpgate_audit_archive_failures_total',
    help: 'How often old rows could not be archived',
    registers,
    collect() {
      this.reset();
      this.inc(archives().failures);
    },
  });
  new Gauge({
    name: 'mcpgate_audit_archive_run_timestamp_seconds',
    help: 'When this broker looked for rows to archive last; missing where it has not yet',
    registers,
    collect() {
      const { lastRunAt } = archives();
      this.remove();
      if (lastRunAt !== null) this.set(lastRunAt / 1000);
    },
  });
}
