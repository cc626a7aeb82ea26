// Calls in `/metrics`: how many, how they ended, and how long they took. Labels come from what administrators have made; what a caller writes
// (a server that there is not) never becomes one, or every caller could fill the broker's memory and Prometheus's disk.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Audit } from '../../audit/audit.ts';

/** From what mcpgate itself takes to what people wait for. */
const BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** Stands for all servers that there are not. */
const NO_SERVER = '(none)';

export interface CallSources {
  audit: Pick<Audit, 'onRecord'>;
  /** Whether a workspace has a server of this name now. */
  isServer: (workspaceId: string, name: string) => boolean;
}

/** Returns the function that stops counting. */
export function registerCallMetrics(registry: Registry, { audit, isServer }: CallSources): () => void {
  const registers = [registry];
  const calls = new Counter({
    name: 'mcpgate_calls_total',
    help: 'Calls by server, status and decision',
    labelNames: ['workspace', 'server', 'status', 'decision'],
    registers,
  });
  const common = { labelNames: ['workspace', 'server'] as const, buckets: BUCKETS, registers };
  const duration = new Histogram({
    ...common,
    name: 'mcpgate_call_duration_seconds',
    help: 'Time from the arrival of a call to its answer',
  });
  const upstream = new Histogram({
    ...common,
    name: 'mcpgate_call_upstream_seconds',
    help: 'The part of that time in which the server had the call',
  });
  const events = new Counter({
    name: 'mcpgate_events_total',
    help: 'Audit events by type',
    labelNames: ['type'],
    registers,
  });

  // A server that was there keeps its label after its removal, so that its series end and do not change their names.
  const known = new Set<string>();
  function labelOf(workspaceId: string, server: string): string {
    const key = `${workspaceId}/${server}`;
    if (known.has(key)) return server;
    if (!isServer(workspaceId, server)) return NO_SERVER;
    known.add(key);
    return server;
  }

  return audit.onRecord((line) => {
    if (line.kind === 'event') {
      events.inc({ type: line.record.type });
      return;
    }
    const { workspace_id: workspace, status, decision, latency_ms: ms, upstream_ms: upstreamMs } = line.record;
    const server = labelOf(workspace, line.record.server);
    calls.inc({ workspace, server, status, decision });
    if (ms !== null) duration.observe({ workspace, server }, ms / 1000);
    if (upstreamMs !== null) upstream.observe({ workspace, server }, upstreamMs / 1000);
  });
}
