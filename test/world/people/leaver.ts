// A person who leaves the company: has several laptops with calls under way on each, and is disabled.
import { performance } from 'node:perf_hooks';
import type { CountingUpstream } from '../../upstreams/counting-upstream.ts';
import type { World } from '../../world.ts';
import type { Person } from './person.ts';
import { until } from '../until.ts';

export interface Leaver {
  laptops: readonly Person[];
  /** The calls under way; each resolves with an error, or the server's answer. */
  held: Promise<{ isError: boolean; text: string }>[];
}

export interface Receipt {
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  ms: number;
  last_calls: { device: string; tool_name: string }[];
}

/** Resolves when `upstream` has all of the calls. The world's server is `counting`. */
export async function busyPerson(
  { world, upstream }: { world: World; upstream: CountingUpstream },
  { name, devices, calls }: { name: string; devices: number; calls: number },
): Promise<Leaver> {
  const laptops = [await world.member(name)];
  for (let number = 2; number <= devices; number++) {
    const laptop = world.laptop(`${name}-${number}`);
    await laptop.login(world.url, (code) => world.broker.run(['login', 'approve', code, '--as', name]));
    laptops.push(laptop);
  }
  const clients = await Promise.all(laptops.map((laptop) => laptop.aiClient()));
  const heldBefore = upstream.calls.filter(({ tool }) => tool === 'hold').length;
  const held = clients.flatMap((client) =>
    Array.from({ length: calls }, () =>
      client.call('counting__hold').catch((error: unknown) => ({ isError: true, text: String(error) })),
    ),
  );
  await upstream.arrived('hold', heldBefore + devices * calls);
  return { laptops, held };
}

/** Disables the person. `tookMs`: from the command's return until every call is cancelled upstream and every link closed. */
export async function cutOff(
  { world, upstream }: { world: World; upstream: CountingUpstream },
  name: string,
): Promise<{ receipt: Receipt; tookMs: number }> {
  const receipt = (await world.broker.json(['user', 'disable', name])) as Receipt;
  const returnedAt = performance.now();
  await until('every call cancelled at the upstream', () => upstream.calls.every(({ cancelled }) => cancelled));
  await world.network.when(() => world.network.upgrades.open === 0);
  return { receipt, tookMs: performance.now() - returnedAt };
}
