// What Prometheus reads at `/metrics`: counts and states, no names of people, no arguments.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Audit } from '../audit/audit.ts';
import type { UpstreamStatus } from '../upstreams/upstream.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

const STATES: readonly UpstreamStatus['state'][] = ['disabled', 'idle', 'starting', 'ready', 'failed'];

export function createMetrics(sources: {
  audit: Pick<Audit, 'onRecord'>;
  links: () => { links: number; channels: number };
  upstreams: () => readonly UpstreamStatus[];
  draining: () => boolean;
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const calls = new Counter({
    name: 'mcpgate_calls_total',
    help: 'Calls by server, status and decision',
    labelNames: ['server', 'status', 'decision'],
    registers,
  });
  const latency = new Histogram({
    name: 'mcpgate_call_duration_seconds',
    help: 'Time from the arrival of a call to its answer',
    labelNames: ['server'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
    registers,
  });
  const events = new Counter({
    name: 'mcpgate_events_total',
    help: 'Audit events by type',
    labelNames: ['type'],
    registers,
  });
  new Gauge({
    name: 'mcpgate_links',
    help: 'Open WebSockets',
    registers,
    collect() {
      this.set(sources.links().links);
    },
  });
  new Gauge({
    name: 'mcpgate_channels',
    help: 'Open channels, one an AI client',
    registers,
    collect() {
      this.set(sources.links().channels);
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
    name: 'mcpgate_upstream_state',
    help: '1 for the state that a server is in',
    labelNames: ['server', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, state } of sources.upstreams()) {
        for (const known of STATES) this.set({ server: name, state: known }, known === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'mcpgate_upstream_processes',
    help: 'Processes or connections of a server',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset();
      for (const { name, processes } of sources.upstreams()) this.set({ server: name }, processes);
    },
  });

  const stop = sources.audit.onRecord((line) => {
    if (line.kind === 'event') {
      events.inc({ type: line.record.type });
      return;
    }
    const { server, status, decision, latency_ms: ms } = line.record;
    calls.inc({ server, status, decision });
    if (ms !== null) latency.observe({ server }, ms / 1000);
  });
  return {
    contentType: registry.contentType,
    text: async () => await registry.metrics(),
    close() {
      stop();
      registry.clear();
    },
  };
}
