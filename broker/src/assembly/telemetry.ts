// Telemetry: what is sent to an OpenTelemetry collector, where the configuration names one.
import { readFileSync } from 'node:fs';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import type { Deliveries } from '../deliveries/deliveries.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { createTelemetry, type Telemetry } from '../telemetry/create-telemetry.ts';
import { PROVIDER_MS, type AssemblyContext } from './context.ts';
import type { Custody } from './custody.ts';

/** Throws `config` where the certificates cannot be read. */
export function assembleTelemetry(
  { config, clock, log, startedAt, onClose }: AssemblyContext,
  {
    store,
    vault,
    audit,
    deliveries,
  }: Pick<Custody, 'store' | 'vault' | 'audit'> & { deliveries: Pick<Deliveries, 'put' | 'take'> },
): Telemetry | undefined {
  const {
    endpoint,
    ca_file: caFile,
    headers,
    traces,
    metrics,
    sample,
    metrics_interval: metricsEveryMs,
  } = config.telemetry.otlp;
  if (endpoint === undefined) return undefined;
  const { allow_hosts: allowHosts } = config.outbound;
  const ca = caFile === undefined ? undefined : [certificatesIn(caFile)];
  const telemetry = createTelemetry(
    { endpoint, headers, traces, metrics, sample, metricsEveryMs },
    {
      ...{ audit, store: store.callSpans, deliveries, clock, log, startedAt, version: VERSION },
      resolve: async (text) => (await vault.resolve(DEFAULT_WORKSPACE, text)).value,
      fetch: createGuardedFetch({ allowHosts, timeoutMs: PROVIDER_MS, ...(ca && { ca }) }),
    },
  );
  onClose(() => telemetry.close());
  return telemetry;
}

function certificatesIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GateError('config', `telemetry.otlp.ca_file: ${file} cannot be read: ${fileFault(error)}`, {
      cause: error,
    });
  }
}
