// Metrics that one reading of the database tells are of one moment, and there in the first scrape after it.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { createDeliveries } from '../../deliveries/create-deliveries.ts';
import { onBothEngines, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import { registerDeliveryMetrics } from './delivery-metrics.ts';
import { registerStoredMetrics } from './stored-metrics.ts';

onBothEngines((open) => {
  async function world(t: TestContext, openStore: OpenStoreUnderTest = open) {
    const { store, clock } = await openStore(t);
    const registry = new Registry();
    /** The values of a scrape by name and labels. */
    const scrape = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        [...(await registry.metrics()).matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)].map(([, name, labels = '', value]) => [
          `${name}${labels}`,
          Number(value),
        ]),
      );
    return { store, clock, registry, scrape };
  }

  it('the first scrape of an outage has all that is told of its queue, and the scrape after its end nothing of it', async (t) => {
    const { store, clock, registry, scrape } = await world(t);
    let isAway = true;
    const deliveries = createDeliveries({
      ...{ store, clock, holder: 'one', location: 'here', random: () => 1 },
      ...{ audit: { event: () => Promise.resolve() }, log: { warn: (facts) => assert.fail(JSON.stringify(facts)) } },
    });
    deliveries.take('test', async () =>
      Promise.resolve(isAway ? { kind: 'again', why: 'status 503' } : { kind: 'arrived' }),
    );
    registerDeliveryMetrics(registry, { deliveries, feeds: { states: () => Promise.resolve([]) } }, clock);
    const of = (name: string) => `mcpgate_${name}{workspace="default",destination="test:default/one"}`;
    const told = (lag: number, attempts: number, bytes: number, queued: number) => ({
      [of('delivery_lag_seconds')]: lag,
      [of('delivery_attempts')]: attempts,
      [of('delivery_bytes')]: bytes,
      [of('deliveries_queued')]: queued,
    });

    await deliveries.put({ workspaceId: 'default', destination: 'test:default/one', id: 'a', payload: 'abc' });
    await deliveries.deliverDue();
    clock.at += 2_000;
    assert.deepEqual(await scrape(), told(2, 1, 3, 1));
    isAway = false;
    await deliveries.tryNow('test:default/one');
    await deliveries.deliverDue();
    assert.deepEqual(await scrape(), told(0, 0, 0, 0));
  });

  it('the first scrape after a call began to wait for a yes says for how long', async (t) => {
    const { store, clock, registry, scrape } = await world(t);
    registerStoredMetrics(registry, {
      ...{ store, clock, limits: { exceeded: () => [] }, lastBackup: () => Promise.resolve(undefined) },
      archives: () => ({ rows: 0, failures: 0, lastRunAt: null }),
    });
    await store.approvals.ask(
      {
        ...{ workspaceId: 'default', id: 'q_1', kind: 'call', ownerKey: 'user:1', who: 'user:ada', device: 'laptop' },
        ...{ clientName: null, address: null, server: 'wiki', what: 'wiki__edit', rule: 'r_1', policyVersion: 3 },
        ...{ approvers: ['group:leads'], thing: 't', binding: 'b', sealed: new Uint8Array([1]), reason: null },
        ...{ state: 'open', expiresAt: clock.at + 3_600_000 },
      },
      5,
    );
    clock.at += 3_000;
    const { 'mcpgate_approvals_oldest_seconds{workspace="default"}': oldest, ...rest } = await scrape();
    assert.equal(oldest, 3);
    assert.equal(rest['mcpgate_approvals_waiting{workspace="default"}'], 1);
  });
});
