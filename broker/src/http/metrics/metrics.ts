// The metrics that Prometheus reads at `/metrics`: counts and states, without names of people or arguments of calls. docs/metrics.md has them all.
import type { Clock } from 'mcpgate-shared/clock';
import { collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { Deliveries } from '../../deliveries/deliveries.ts';
import type { Authorizer } from '../../hooks/authorizer.ts';
import type { LogFeeds } from '../../hooks/log/feed-log.ts';
import type { TunnelStats } from '../../tunnel/tunnel.ts';
import type { UpstreamStatus } from '../../upstreams/upstream.ts';
import type { SecretAge } from '../../vault/secret-watch.ts';
import type { SourceState } from '../../vault/vault.ts';
import { type BrokerSources, registerBrokerMetrics } from './broker-metrics.ts';
import { type CallSources, registerCallMetrics } from './call-metrics.ts';
import { registerDeliveryMetrics } from './delivery-metrics.ts';
import { registerHookMetrics } from './hook-metrics.ts';
import { registerSecretMetrics } from './secret-metrics.ts';
import { registerStoredMetrics, type StoredSources } from './stored-metrics.ts';
import { registerTunnelMetrics } from './tunnel-metrics.ts';
import { registerUpstreamMetrics } from './upstream-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** The same as values. */
  read(): Promise<MetricObjectWithValues<MetricValue<string>>[]>;
  close(): void;
}

export interface MetricsSources extends Omit<BrokerSources, 'audit'>, StoredSources, CallSources {
  audit: CallSources['audit'] & BrokerSources['audit'];
  tunnel: () => TunnelStats;
  upstreams: () => readonly (UpstreamStatus & { workspace: string })[];
  /** How the sources of secrets are found. */
  secretSources: () => readonly { state: SourceState; reference: string }[];
  secretAges: () => readonly SecretAge[];
  hooks: {
    authorizer: Pick<Authorizer, 'onAsked' | 'states'>;
    deliveries: Pick<Deliveries, 'queues'>;
    feeds: Pick<LogFeeds, 'states'>;
  };
  clock: Clock;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerBrokerMetrics(registry, sources);
  registerTunnelMetrics(registry, sources.tunnel);
  registerUpstreamMetrics(registry, sources.upstreams);
  registerSecretMetrics(registry, sources);
  registerStoredMetrics(registry, sources);
  registerDeliveryMetrics(registry, sources.hooks, sources.clock);
  const stops = [registerCallMetrics(registry, sources), registerHookMetrics(registry, sources.hooks.authorizer)];
  return {
    contentType: registry.contentType,
    text: async () => await registry.metrics(),
    read: async () => await registry.getMetricsAsJSON(),
    close() {
      for (const stop of stops) stop();
      registry.clear();
    },
  };
}
