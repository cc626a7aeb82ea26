// How this broker itself stands, in `/metrics`: whether it serves, its event loop, its audit log, and what went wrong in it.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Audit } from '../../audit/audit.ts';

export interface BrokerSources {
  version: string;
  audit: Pick<Audit, 'unwritable' | 'behind' | 'checkpoints'>;
  eventLoopDelay: () => { p50: number; p99: number; max: number };
  /** Connections that were ended before a whole request came, by reason. */
  badRequests: () => ReadonlyMap<string, number>;
  /** Messages of AI clients that name no method, tool or task, and went to no server, by reason. */
  refusedMessages: () => ReadonlyMap<string, number>;
  /** Errors that no part of the broker has caught, by kind. */
  unexpected: () => ReadonlyMap<string, number>;
  draining: () => boolean;
  /** Spans that are sent to a collector; undefined: none are. */
  spans: () => { sent: number; dropped: number; waiting: number } | undefined;
  /** Whether this broker is deaf, and the other brokers over its database. */
  replicas: { readonly isDeaf: boolean; others(): readonly unknown[] };
}

export function registerBrokerMetrics(registry: Registry, sources: BrokerSources): void {
  const registers = [registry];
  const { audit, replicas } = sources;
  const gauge = (name: string, help: string, value: () => number | boolean) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(Number(value()));
      },
    });
  const counter = (name: string, help: string, label: string, counts: () => Iterable<readonly [string, number]>) =>
    new Counter({
      ...{ name, help, labelNames: [label], registers },
      collect() {
        this.reset();
        for (const [value, count] of counts()) this.inc({ [label]: value }, count);
      },
    });

  new Gauge({
    name: 'mcpgate_build_info',
    help: '1, with the version of the broker',
    labelNames: ['version'],
    registers,
  }).set({ version: sources.version }, 1);
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
  counter(
    'mcpgate_http_bad_requests_total',
    'Connections ended before a whole request came, by reason',
    'reason',
    sources.badRequests,
  );
  counter(
    'mcpgate_messages_refused_total',
    'Messages of AI clients that went to no server because no method, name or task is meant by them, by reason',
    'reason',
    sources.refusedMessages,
  );
  counter(
    'mcpgate_unexpected_errors_total',
    'Errors that no part of the broker had caught, by kind; each is in the log, and the broker goes on',
    'kind',
    () => ['exception', 'rejection', 'output'].map((kind) => [kind, sources.unexpected().get(kind) ?? 0] as const),
  );
  gauge('mcpgate_draining', '1 while the broker drains', sources.draining);
  gauge(
    'mcpgate_deaf',
    '1 while changes by other brokers are not heard, and calls are refused therefore',
    () => replicas.isDeaf,
  );
  gauge(
    'mcpgate_brokers',
    'Brokers on the same database, as this one hears them; itself included',
    () => replicas.others().length + 1,
  );
  gauge(
    'mcpgate_audit_unwritable',
    '1 while the audit log cannot be written, and calls are refused therefore',
    () => audit.unwritable !== undefined,
  );
  gauge('mcpgate_audit_rows_waiting', 'Rows of the audit log that are not committed yet', () => audit.behind.rows);
  gauge(
    'mcpgate_audit_lag_seconds',
    'How long the oldest of these rows has waited; 0: none waits',
    () => audit.behind.ms / 1000,
  );
  counter(
    'mcpgate_trace_spans_total',
    'Spans of calls that were sent to the collector, or dropped because it was away or refused them',
    'result',
    () => {
      const counts = sources.spans();
      return counts === undefined
        ? []
        : ([
            ['sent', counts.sent],
            ['dropped', counts.dropped],
          ] as const);
    },
  );
  new Gauge({
    name: 'mcpgate_checkpoint_kept',
    help: '1 where a place has the newest checkpoint of the audit log, 0 while it cannot be brought there',
    labelNames: ['place'],
    registers,
    collect() {
      this.reset();
      for (const { name: place, problem } of audit.checkpoints.places) this.set({ place }, problem === null ? 1 : 0);
    },
  });
  gauge('mcpgate_trace_spans_waiting', 'Spans of calls that are not sent yet', () => sources.spans()?.waiting ?? 0);
}
