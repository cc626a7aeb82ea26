// Calls whose laptop comes to another broker, or to the next one, before they are answered: the answer goes after it.
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { callOn } from '../world/people/call-on.ts';
import type { Broker } from '../world/broker.ts';
import { searchCalls } from '../world/call-rows.ts';
import { holdCallIn } from '../world/counting-world.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { shareWorld } from '../world/shared-world.ts';
import { until } from '../world/until.ts';

let postgres: TestPostgres | undefined;
let databaseUrl = '';
let runningSecond: Broker | undefined;
after(() => runningSecond?.stop());
const shareTwo = shareWorld(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  return { databaseUrl };
});
const shareOne = shareWorld();
after(() => postgres?.stop());

/** A call is under way at the first of two brokers. From then on the load balancer sends everybody to the second. */
async function holdAtFirst(t: TestContext) {
  const held = await holdCallIn(shareTwo(t));
  runningSecond ??= await startSecondBroker({ after: () => undefined }, held.world, databaseUrl);
  held.world.network.target = runningSecond.listenUrl;
  return { ...held, first: held.world.broker, second: runningSecond };
}

const figure = async (name: string, { listenUrl }: { listenUrl: string }) =>
  new RegExp(`^mcpgate_tunnel_${name} ([0-9.e+]+)$`, 'm').exec(await (await fetch(`${listenUrl}/metrics`)).text())?.[1];
/** Channels of another broker that this one waits for. */
const waiting = (broker: { listenUrl: string }) => figure('awaited_channels', broker);
const backlogOf = async (broker: { listenUrl: string }) => Number(await figure('backlog_bytes', broker));

const outcomes = async (broker: Broker, since: readonly string[]) =>
  (await searchCalls(broker, since)).map(({ tool_name, status, attempts }) => [tool_name, status, attempts]);

test('a call at a broker that drains, whose laptop has lost it and is at another one: the true answer comes there, once', async (t) => {
  const { upstream, world, since, client, held, first, second } = await holdAtFirst(t);
  const stopped = first.stop('SIGTERM', 60_000);
  await until('readiness to fall', async () => (await fetch(`${first.listenUrl}/readyz`)).status === 503);
  world.network.cut();
  world.network.restore();
  await until('the other broker to be asked', async () => (await waiting(second)) === '1');
  assert.equal((await client.call('counting__echo', { text: 'meanwhile' })).text, 'meanwhile');
  upstream.release();
  const answer = await held;
  assert.deepEqual([answer.isError, answer.text], [false, 'released']);
  assert.equal(await stopped, 0);
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['hold', 'echo'],
  );
  assert.deepEqual(await outcomes(second, since), [
    ['counting__echo', 'ok', 1],
    ['counting__hold', 'ok', 1],
  ]);
  assert.equal(await waiting(second), '0');
  await first.start();
});

test('a load balancer that sends a laptop to another broker, while its own serves on, costs no answer', async (t) => {
  const { upstream, world, since, client, held, first, second } = await holdAtFirst(t);
  world.network.cut();
  world.network.restore();
  await until('the other broker to be asked', async () => (await waiting(second)) === '1');
  assert.equal((await client.call('counting__echo', { text: 'meanwhile' })).text, 'meanwhile');
  upstream.release();
  const answer = await held;
  assert.deepEqual([answer.isError, answer.text], [false, 'released']);
  world.network.cut();
  world.network.target = first.listenUrl;
  world.network.restore();
  assert.equal((await client.call('counting__echo', { text: 'back' })).text, 'back');
  assert.deepEqual(
    upstream.calls.map(({ tool, arguments: { text } }) => text ?? tool),
    ['hold', 'meanwhile', 'back'],
  );
  assert.deepEqual(
    (await outcomes(second, since)).map(([, status]) => status),
    ['ok', 'ok', 'ok'],
  );
});

test('a broker that is killed under a call whose laptop is at another one: it hears soon that the outcome is unknown', async (t) => {
  const { upstream, world, held, first, second } = await holdAtFirst(t);
  world.network.cut();
  world.network.restore();
  await until('the other broker to be asked', async () => (await waiting(second)) === '1');
  assert.equal(await first.stop('SIGKILL'), 'SIGKILL');
  const answer = await held;
  assert.equal(answer.isError, true);
  assert.match(answer.text, /outcome is unknown/);
  assert.equal(upstream.calls.length, 1);
  await first.start();
});

test('brokers are replaced in turn, and the network is cut each time, under two AI clients: every call is answered, and carried out once', async (t) => {
  const { upstream, world, ada, client, held, first, second } = await holdAtFirst(t);
  upstream.release();
  await held;
  const loads = [callOn(client, 'a'), callOn(await ada.aiClient(), 'b')];
  for (const [leaving, staying] of [
    [second, first],
    [first, second],
  ] as const) {
    await Promise.all(loads.map((load) => load.answered(10)));
    world.network.target = staying.listenUrl;
    const stopped = leaving.stop('SIGTERM', 60_000);
    world.network.cut();
    world.network.restore();
    await Promise.all(loads.map((load) => load.answered(10)));
    assert.equal(await stopped, 0);
    await leaving.start();
  }
  const counts = await Promise.all(loads.map((load) => load.stop()));
  const texts = upstream.calls.flatMap(({ tool, arguments: { text } }) => (tool === 'echo' ? [String(text)] : []));
  assert.equal(new Set(texts).size, texts.length, 'none was carried out twice');
  assert.equal(texts.length, (counts[0] ?? 0) + (counts[1] ?? 0));
});

test('a result that finishes while the laptop is away, before its only broker is restarted, waits for it', async (t) => {
  const { upstream, world, since, client, held } = await holdCallIn(shareOne(t));
  world.network.cut();
  const stopped = world.broker.stop('SIGTERM', 60_000);
  await until('readiness to fall', async () => (await fetch(`${world.broker.listenUrl}/readyz`)).status === 503);
  upstream.release();
  assert.equal(await stopped, 0);
  await world.broker.start();
  world.network.restore();
  const answer = await held;
  assert.deepEqual([answer.isError, answer.text], [false, 'released']);
  assert.equal((await client.call('counting__echo', { text: 'after' })).text, 'after');
  assert.deepEqual(
    upstream.calls.map(({ tool }) => tool),
    ['hold', 'echo'],
  );
  assert.deepEqual(await outcomes(world.broker, since), [
    ['counting__echo', 'ok', 1],
    ['counting__hold', 'ok', 1],
  ]);
});

test('an answer of 5 MB that the laptop has a part of when it goes, before its only broker is restarted, arrives whole', async (t) => {
  const { upstream, world } = shareOne(t);
  const client = await (await world.member('ada')).aiClient();
  const bytes = 5_000_000;
  assert.equal((await client.call('counting__echo', { text: 'before' })).text, 'before');
  world.network.throttle(250_000);
  const large = client.call('counting__large', { bytes });
  await until('the answer to be under way', async () => (await backlogOf(world.broker)) > 1_000_000);
  world.network.cut();
  assert.equal(await world.broker.stop('SIGTERM', 60_000), 0);
  await world.broker.start();
  world.network.throttle(undefined);
  world.network.restore();
  const { isError, text } = await large;
  assert.deepEqual([isError, text.length, new Set(text).size], [false, bytes, 1]);
  assert.equal(upstream.calls.filter(({ tool }) => tool === 'large').length, 1);
});
