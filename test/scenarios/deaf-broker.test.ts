// A broker that does not hear of what others change refuses calls, and looks everybody up again before it goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFaultProxy } from '../chaos/fault-proxy.ts';
import { startPostgres } from '../postgres.ts';
import { createWorld } from '../world.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { freePort } from '../world/network/free-port.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

interface Receipt {
  links_closed: number;
  unconfirmed: string[];
}

test('a broker that is cut off from the database refuses calls; back again it has ended who was revoked meanwhile', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const { upstream, world } = await createCountingWorld(t, { databaseUrl });
  const proxy = await startFaultProxy();
  t.after(() => proxy.close());
  const target = `http://${new URL(databaseUrl).host}`;
  proxy.target = target;
  const through = new URL(databaseUrl);
  through.host = new URL(proxy.url).host;
  const second = await startSecondBroker(t, world, through.href);
  world.network.target = second.listenUrl;
  const [ada, grace] = [await world.member('ada'), await world.member('grace')];
  const [client, other] = [await ada.aiClient(), await grace.aiClient()];
  const held = client.call('counting__hold').catch((error: unknown) => ({ isError: true, text: String(error) }));
  await upstream.arrived('hold');
  assert.equal((await other.call('counting__echo', { text: 'before' })).text, 'before');
  const ready = () => fetch(`${second.listenUrl}/readyz`);
  assert.equal((await ready()).status, 200);

  proxy.target = `http://127.0.0.1:${await freePort()}`;
  proxy.cut();
  const receipt = (await world.broker.json(['user', 'disable', 'ada'])) as Receipt;
  assert.equal(receipt.links_closed, 0);
  assert.equal(receipt.unconfirmed.length, 1, 'who could not say that it has ended what it had');
  assert.match(receipt.unconfirmed[0] ?? '', new RegExp(`process ${second.pid}`));
  assert.match(await world.broker.run(['user', 'disable', 'ada']), /^warning: not confirmed in time by .*process/m);
  const [event] = (await world.broker.json(['audit', 'search', '--events', '--type', 'user.disabled'])) as {
    data: { unconfirmed?: string[] };
  }[];
  assert.deepEqual(event?.data.unconfirmed, receipt.unconfirmed);

  await until('the broker is deaf', async () => /does not hear/.test(await (await ready()).text()));
  assert.equal((await ready()).status, 503);
  assert.match(await (await fetch(`${second.listenUrl}/metrics`)).text(), /^mcpgate_deaf 1$/m);
  const seen = upstream.calls.length;
  const refused = await other
    .call('counting__echo', { text: 'x' })
    .catch((error: unknown) => ({ text: String(error) }));
  assert.match(refused.text, /does not hear of changes/);
  assert.equal(upstream.calls.length, seen, 'nothing was forwarded');

  proxy.target = target;
  await until('the broker hears again', async () => (await ready()).status === 200);
  await upstream.cancelled();
  assert.equal((await held).isError, true);
  await world.network.when(() => world.network.upgrades.open === 1);
  assert.equal((await other.call('counting__echo', { text: 'after' })).text, 'after');
  const metrics = await (await fetch(`${second.listenUrl}/metrics`)).text();
  assert.match(metrics, /^mcpgate_tunnel_links_closed_total\{code="4403"\} 1$/m);
  const events = (await until('its record', async () => {
    const found = await world.broker.json(['audit', 'search', '--events', '--type', 'broker.hears_again']);
    return Array.isArray(found) && found.length > 0 && found;
  })) as { data: { ended: number; ms: number; why: string } }[];
  assert.equal(events[0]?.data.ended, 1);
  assert.ok(events[0].data.ms >= 1_000);
  assert.match(events[0].data.why, /does not answer/);
});

test('a broker that was killed may have left something unsaid: the others look everybody up again', async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase();
  const world = await createWorld(t, { databaseUrl });
  const second = await startSecondBroker(t, world, databaseUrl);
  await second.stop('SIGKILL');
  await until('the other notices', () => /has ended without a word/.test(world.broker.output()));
  await until('it has caught up', () => /everything was read again/.test(world.broker.output()));
  assert.equal((await fetch(`${world.broker.listenUrl}/readyz`)).status, 200, 'it was never deaf');
});
