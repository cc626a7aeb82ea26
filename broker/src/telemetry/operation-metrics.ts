// The durations that the semantic conventions for MCP name, for OTLP alone: `/metrics` has the same under mcpgate's names. The conventions' own buckets begin at 10 ms,
// which is more than most of what mcpgate takes.
import { Histogram, Registry } from 'prom-client';
import type { Audit } from '../audit/audit.ts';
import type { PromMetric } from './otlp-metrics.ts';

const BUCKETS = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
];
const LABELS = ['mcp_method_name', 'error_type', 'mcpgate_workspace', 'mcpgate_server'] as const;

/** What they are called there. */
export const OPERATION_NAMES: ReadonlyMap<string, string> = new Map([
  ['mcp_server_operation_duration', 'mcp.server.operation.duration'],
  ['mcp_client_operation_duration', 'mcp.client.operation.duration'],
  ['mcp_method_name', 'mcp.method.name'],
  ['error_type', 'error.type'],
  ['mcpgate_workspace', 'mcpgate.workspace'],
  ['mcpgate_server', 'mcpgate.server'],
]);

export interface OperationMetrics {
  read(): Promise<PromMetric[]>;
  close(): void;
}

/** `isServer`: whether a workspace has a server of this name now; what a caller writes never becomes a label. */
export function createOperationMetrics(
  audit: Pick<Audit, 'onRecord'>,
  isServer: (workspaceId: string, name: string) => boolean,
): OperationMetrics {
  const registry = new Registry();
  const common = { labelNames: LABELS, buckets: BUCKETS, registers: [registry] };
  const served = new Histogram({
    ...common,
    name: 'mcp_server_operation_duration',
    help: 'MCP request duration as observed on the receiver from the time it was received until the result was sent',
  });
  const sent = new Histogram({
    ...common,
    name: 'mcp_client_operation_duration',
    help: 'The duration of the MCP request as observed on the sender from the time it was sent until the answer is received',
  });
  const stop = audit.onRecord((line) => {
    if (line.kind !== 'call') return;
    const { workspace_id: workspace, server, method, status, latency_ms: ms, upstream_ms: upstreamMs } = line.record;
    const labels: Record<string, string> = {
      mcp_method_name: method,
      mcpgate_workspace: workspace,
      mcpgate_server: isServer(workspace, server) ? server : '(none)',
      ...(status !== 'ok' && { error_type: status }),
    };
    if (ms !== null) served.observe(labels, ms / 1000);
    if (upstreamMs !== null) sent.observe(labels, upstreamMs / 1000);
  });
  return {
    read: () => registry.getMetricsAsJSON(),
    close() {
      stop();
      registry.clear();
    },
  };
}
