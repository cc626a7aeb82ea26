// Point 4 of "what must always hold": no channel can stall another, and what is kept for a slow reader is bounded.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createCountingWorld } from '../world/counting-world.ts';
import { residentBytes } from '../world/process-table.ts';
import { startGreedyClient } from '../world/clients/greedy-client.ts';

const MEGABYTE = 1_000_000;

async function fairWorld(t: TestContext) {
  const { upstream, world } = await createCountingWorld(t);
  const ada = await world.member('ada');
  const small = await ada.aiClient();
  const bulk = await startGreedyClient(ada);
  t.after(() => bulk.close());
  const smallCall = async () => assert.equal((await small.call('counting__echo', { text: 'small' })).text, 'small');
  await smallCall();
  return { upstream, world, bulk, smallCall };
}

/** Calls one after the other until `over`; resolves to how many were answered by then. */
async function countUntil(over: Promise<unknown>, call: () => Promise<void>): Promise<number> {
  let isOver = false;
  const ended = over.finally(() => (isOver = true));
  let count = 0;
  for (; !isOver; count += 1) await call();
  await ended;
  return count;
}

test('small calls go on beside results of 50 MB', async (t) => {
  const { bulk, smallCall } = await fairWorld(t);
  for (const id of [1, 2, 3]) bulk.call(id, 'counting__large', { bytes: 50 * MEGABYTE });
  const answers = bulk.answers([1, 2, 3]);
  const count = await countUntil(answers, smallCall);
  assert.ok(count >= 20, `only ${count} small calls were answered meanwhile`);
  for (const id of [1, 2, 3]) assert.ok(((await answers).get(id) ?? 0) > 50 * MEGABYTE);
});

test('small calls go on beside arguments of 50 MB', async (t) => {
  const { upstream, bulk, smallCall } = await fairWorld(t);
  const text = 'an "argument"\n'.repeat((50 * MEGABYTE) / 16);
  for (const id of [1, 2]) bulk.call(id, 'counting__fail', { text });
  const count = await countUntil(bulk.answers([1, 2]), smallCall);
  assert.ok(count >= 20, `only ${count} small calls were answered meanwhile`);
  const received = upstream.calls.filter(({ tool }) => tool === 'fail').map(({ arguments: args }) => args['text']);
  assert.equal(received.length, 2);
  for (const each of received) assert.ok(each === text, 'the arguments arrived as they were sent');
});

test('a client that asks for much at once gets all of it, also beyond what is kept for one that is away', async (t) => {
  const { bulk, smallCall } = await fairWorld(t);
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const id of ids) bulk.call(id, 'counting__large', { bytes: 5 * MEGABYTE });
  const sizes = await bulk.answers(ids);
  for (const id of ids) assert.ok((sizes.get(id) ?? 0) > 5 * MEGABYTE, `answer ${id}: ${sizes.get(id)} bytes`);
  await smallCall();
});

test('a client that does not read stops only itself, within bounds, and gets everything once it reads', async (t) => {
  const { upstream, world, bulk, smallCall } = await fairWorld(t);
  const ids = [1, 2, 3, 4];
  for (const id of ids) bulk.call(id, 'counting__large', { bytes: 20 * MEGABYTE });
  await upstream.arrived('large', ids.length);
  for (let count = 0; count < 200; count += 1) await smallCall();
  const resident = residentBytes(world.broker.pid);
  assert.ok(resident < 700 * MEGABYTE, `the broker holds ${Math.round(resident / MEGABYTE)} MB`);
  const sizes = await bulk.answers(ids);
  for (const id of ids) assert.ok((sizes.get(id) ?? 0) > 20 * MEGABYTE);
});
