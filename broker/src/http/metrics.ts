// The metrics that Prometheus reads at `/metrics`: counts and states, without names of people or arguments of calls.
import type { Clock } from 'mcpgate-shared/clock';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Audit } from '../audit/audit.ts';
import type { TunnelStats } from '../tunnel/tunnel.ts';
import type { Deliveries } from '../deliveries/deliveries.ts';
import { registerDeliveryMetrics } from './delivery-metrics.ts';
import type { Authorizer } from '../hooks/authorizer.ts';
import { registerHookMetrics } from './hook-metrics.ts';
import { registerSecretMetrics } from './secret-metrics.ts';
import { registerTunnelMetrics } from './tunnel-metrics.ts';
import type { SecretAge } from '../vault/secret-watch.ts';
import type { SourceState } from '../vault/vault.ts';
import type { UpstreamStatus } from '../upstreams/upstream.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

const STATES: readonly UpstreamStatus['state'][] = ['disabled', 'idle', 'starting', 'ready', 'failed'];

export function createMetrics(sources: {
  audit: Pick<Audit, 'onRecord' | 'unwritable'>;
  tunnel: () => TunnelStats;
  eventLoopDelay: () => { p50: number; p99: number; max: number };
  /** Connections that were ended before a whole request came, by reason. */
  badRequests: () => ReadonlyMap<string, number>;
  /** Messages of AI clients that name no method, tool or task, and went to no server, by reason. */
  refusedMessages: () => ReadonlyMap<string, number>;
  /** Errors that no part of the broker has caught, by kind. */
  unexpected: () => ReadonlyMap<string, number>;
  upstreams: () => readonly (UpstreamStatus & { workspace: string })[];
  /** How the sources of secrets are found. */
  secretSources: () => readonly { state: SourceState; reference: string }[];
  draining: () => boolean;
  /** Whether this broker is deaf, and the other brokers over its database. */
  replicas: { readonly isDeaf: boolean; others(): readonly unknown[] };
  secretAges: () => readonly SecretAge[];
  hooks: { authorizer: Pick<Authorizer, 'onAsked' | 'states'>; deliveries: Pick<Deliveries, 'queues'> };
  /** The last backup that is kept; undefined where there was none. */
  lastBackup: () => Promise<{ at: string } | undefined>;
  clock: Clock;
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const calls = new Counter({
    name: 'mcpgate_calls_total',
    help: 'Calls by server, status and decision',
    labelNames: ['workspace', 'server', 'status', 'decision'],
    registers,
  });
  const latency = new Histogram({
    name: 'mcpgate_call_duration_seconds',
    help: 'Time from the arrival of a call to its answer',
    labelNames: ['workspace', 'server'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
    registers,
  });
  const events = new Counter({
    name: 'mcpgate_events_total',
    help: 'Audit events by type',
    labelNames: ['type'],
    registers,
  });
  registerTunnelMetrics(registry, sources.tunnel);
  registerSecretMetrics(registry, sources);
  registerDeliveryMetrics(registry, sources.hooks.deliveries, sources.clock);
  const stopHooks = registerHookMetrics(registry, sources.hooks.authorizer);
  new Gauge({
    name: 'mcpgate_event_loop_delay_seconds',
    help: 'How late the event loop was in the last whole minute; 1 is the worst',
    labelNames: ['quantile'],
    registers,
    collect() {
      const { p50, p99, max } = sources.eventLoopDelay();
      this.set({ quantile: '0.5' }, p50 / 1000);
      this.set({ quantile: '0.99' }, p99 / 1000);
      this.set({ quantile: '1' }, max / 1000);
    },
  });
  new Counter({
    name: 'mcpgate_http_bad_requests_total',
    help: 'Connections ended before a whole request came, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of sources.badRequests()) this.inc({ reason }, count);
    },
  });
  new Counter({
    name: 'mcpgate_messages_refused_total',
    help: 'Messages of AI clients that went to no server because no method, name or task is meant by them, by reason',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of sources.refusedMessages()) this.inc({ reason }, count);
    },
  });
  new Counter({
    name: 'mcpgate_unexpected_errors_total',
    help: 'Errors that no part of the broker had caught, by kind; each is in the log, and the broker goes on',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const kind of ['exception', 'rejection', 'output']) this.inc({ kind }, sources.unexpected().get(kind) ?? 0);
    },
  });
  new Gauge({
    name: 'mcpgate_last_backup_timestamp_seconds',
    help: 'When the last backup was made that is kept; missing where there was none',
    registers,
    async collect() {
      this.reset();
      // What the database cannot say now is missing: whoever reads metrics must still get the others.
      const last = await sources.lastBackup().catch(() => undefined);
      if (last !== undefined) this.set(Date.parse(last.at) / 1000);
    },
  });
  new Gauge({
    name: 'mcpgate_draining',
    help: '1 while the broker drains',
    registers,
    collect() {
      this.set(sources.draining() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'mcpgate_deaf',
    help: '1 while changes by other brokers are not heard, and calls are refused therefore',
    registers,
    collect() {
      this.set(sources.replicas.isDeaf ? 1 : 0);
    },
  });
  new Gauge({
    name: 'mcpgate_audit_unwritable',
    help: '1 while the audit log cannot be written, and calls are refused therefore',
    registers,
    collect() {
      this.set(sources.audit.unwritable === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'mcpgate_brokers',
    help: 'Brokers on the same database, as this one hears them; itself included',
    registers,
    collect() {
      this.set(sources.replicas.others().length + 1);
    },
  });
  new Gauge({
    name: 'mcpgate_upstream_state',
    help: '1 for the state that a server is in',
    labelNames: ['workspace', 'server', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { workspace, name, state } of sources.upstreams()) {
        for (const known of STATES) this.set({ workspace, server: name, state: known }, known === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'mcpgate_upstream_circuit_open',
    help: '1 while a server is not tried, because it failed several times in a row; 0.5 while one try decides',
    labelNames: ['workspace', 'server'],
    registers,
    collect() {
      this.reset();
      for (const { workspace, name, circuit } of sources.upstreams())
        this.set({ workspace, server: name }, { closed: 0, 'half-open': 0.5, open: 1 }[circuit]);
    },
  });
  new Gauge({
    name: 'mcpgate_upstream_flapping',
    help: '1 while connections of a server start and end by themselves again and again',
    labelNames: ['workspace', 'server'],
    registers,
    collect() {
      this.reset();
      for (const { workspace, name, flapping } of sources.upstreams())
        this.set({ workspace, server: name }, flapping ? 1 : 0);
    },
  });
  new Gauge({
    name: 'mcpgate_upstream_processes',
    help: 'Child processes of a server',
    labelNames: ['workspace', 'server'],
    registers,
    collect() {
      this.reset();
      for (const { workspace, name, processes } of sources.upstreams())
        this.set({ workspace, server: name }, processes);
    },
  });

  const stop = sources.audit.onRecord((line) => {
    if (line.kind === 'event') {
      events.inc({ type: line.record.type });
      return;
    }
    const { workspace_id: workspace, server, status, decision, latency_ms: ms } = line.record;
    calls.inc({ workspace, server, status, decision });
    if (ms !== null) latency.observe({ workspace, server }, ms / 1000);
  });
  return {
    contentType: registry.contentType,
    text: async () => await registry.metrics(),
    close() {
      stop();
      stopHooks();
      registry.clear();
    },
  };
}
