// A world with the server `counting`, which notes what it carries out, and a call of it that is under way for as long as a test wants.
import type { TestContext } from 'node:test';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type World, type WorldOptions } from '../world.ts';

export async function createCountingWorld(t: TestContext, options: Omit<WorldOptions, 'servers'> = {}) {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, { ...options, servers: { counting: { url: upstream.url } } });
  return { upstream, world };
}

/** `held`: a call of ada's that the server has, and answers with `released` on `upstream.release()`. */
export async function holdCallIn<Counting extends { world: World; upstream: CountingUpstream }>(counting: Counting) {
  const ada = await counting.world.member('ada');
  const client = await ada.aiClient();
  const held = client.call('counting__hold');
  await counting.upstream.arrived('hold');
  return { ...counting, ada, client, held };
}

/** The same in a world of its own. */
export const holdCall = async (t: TestContext, options?: Omit<WorldOptions, 'servers'>) =>
  await holdCallIn(await createCountingWorld(t, options));

/** Two of them, `counting` and `other`, for as long as the test, in a world that it shares with others. */
export async function addTwoServers(t: TestContext, world: World) {
  const [upstream, other] = await Promise.all([startCountingUpstream(), startCountingUpstream()]);
  await world.importServers({ counting: { url: upstream.url }, other: { url: other.url } });
  t.after(async () => {
    for (const name of ['counting', 'other']) await world.broker.run(['server', 'remove', name]);
    await Promise.all([upstream.close(), other.close()]);
  });
  return { upstream, other };
}

/** Ada’s laptop, whose network is not up (`world.network.restore()`) and whose daemon does not run; `known`: what an AI client of hers once listed. */
export async function createOfflineLaptop({ world }: { world: World }) {
  const ada = await world.member('ada');
  const first = await ada.aiClient();
  const known = await first.toolNames();
  await first.close();
  await ada.gate(['daemon', 'stop']);
  world.network.cut();
  return { world, ada, known };
}
