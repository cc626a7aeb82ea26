// How the queues of deliveries stand, by destination. Where the database does not answer they are missing, and the other metrics are not.
import { Gauge, type Registry } from 'prom-client';
import type { Deliveries } from '../../deliveries/deliveries.ts';
import type { LogFeeds } from '../../hooks/log/feed-log.ts';

export function registerDeliveryMetrics(
  registry: Registry,
  { deliveries, feeds }: { deliveries: Pick<Deliveries, 'queues'>; feeds: Pick<LogFeeds, 'states'> },
  clock: { now(): number },
): void {
  const common = { labelNames: ['workspace', 'destination'] as const, registers: [registry] };
  const lag = new Gauge({
    ...common,
    name: 'mcpgate_delivery_lag_seconds',
    help: 'How long the oldest delivery has waited; 0: none waits',
  });
  const attempts = new Gauge({
    ...common,
    name: 'mcpgate_delivery_attempts',
    help: 'How often the first delivery of a queue was tried in vain',
  });
  const size = new Gauge({
    ...common,
    name: 'mcpgate_delivery_bytes',
    help: 'Bytes that wait for their receiver',
  });
  new Gauge({
    ...common,
    name: 'mcpgate_deliveries_queued',
    help: 'Deliveries that wait for their receiver',
    async collect() {
      const queues = await deliveries.queues().catch(() => []);
      const logs = await feeds.states().catch(() => []);
      for (const gauge of [this, lag, attempts, size]) gauge.reset();
      // Of a feed of the log rows wait, which are in no queue and take no bytes there.
      const all = [...queues, ...logs.map((feed) => ({ ...feed, queued: feed.rows, bytes: 0 }))];
      for (const { workspaceId: workspace, destination, queued, bytes, oldestAt, attempts: tried } of all) {
        this.set({ workspace, destination }, queued);
        size.set({ workspace, destination }, bytes);
        lag.set({ workspace, destination }, oldestAt === null ? 0 : Math.max(0, (clock.now() - oldestAt) / 1000));
        attempts.set({ workspace, destination }, tried);
      }
    },
  });
}
