// How the queues of deliveries stand, by destination. Where the database does not answer they are missing, and the other metrics are not.
import type { Registry } from 'prom-client';
import type { Deliveries } from '../../deliveries/deliveries.ts';
import type { LogFeeds } from '../../hooks/log/feed-log.ts';
import { registerOneReading } from './one-reading.ts';

export function registerDeliveryMetrics(
  registry: Registry,
  { deliveries, feeds }: { deliveries: Pick<Deliveries, 'queues'>; feeds: Pick<LogFeeds, 'states'> },
  clock: { now(): number },
): void {
  const labelNames = ['workspace', 'destination'] as const;
  const told = {
    lag: {
      name: 'mcpgate_delivery_lag_seconds',
      help: 'How long the oldest delivery has waited; 0: none waits',
      labelNames,
    },
    attempts: {
      name: 'mcpgate_delivery_attempts',
      help: 'How often the first delivery of a queue was tried in vain',
      labelNames,
    },
    size: { name: 'mcpgate_delivery_bytes', help: 'Bytes that wait for their receiver', labelNames },
    waiting: { name: 'mcpgate_deliveries_queued', help: 'Deliveries that wait for their receiver', labelNames },
  } as const;
  registerOneReading(registry, told, async (gauges) => {
    const queues = await deliveries.queues().catch(() => []);
    const logs = await feeds.states().catch(() => []);
    for (const gauge of Object.values(gauges)) gauge.reset();
    // Of a feed of the log rows wait, which are in no queue and take no bytes there.
    const all = [...queues, ...logs.map((feed) => ({ ...feed, queued: feed.rows, bytes: 0 }))];
    for (const { workspaceId: workspace, destination, queued, bytes, oldestAt, attempts: tried } of all) {
      gauges.waiting.set({ workspace, destination }, queued);
      gauges.size.set({ workspace, destination }, bytes);
      gauges.lag.set({ workspace, destination }, oldestAt === null ? 0 : Math.max(0, (clock.now() - oldestAt) / 1000));
      gauges.attempts.set({ workspace, destination }, tried);
    }
  });
}
