// What one thing of a stranger costs the broker's main thread: time on the processor, which a busy machine does not change much.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { openWorld } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { badTokens, openSession, registrations, wrongPasswords } from './attacks.ts';

/** Microseconds that the main thread of a process has been on a processor. */
const mainThreadUs = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ', 1)[0]) / 1000;

const IDLE_MS = 2_000;

/** Microseconds of the main thread for each thing of a kind. */
export async function measureCosts(env: Record<string, string> = {}): Promise<Record<string, number>> {
  const world = await openWorld({
    direct: true,
    brokerEnv: env,
    // Nothing is called there.
    servers: { small: { url: 'http://127.0.0.1:9/mcp' } },
  });
  try {
    const { url, broker } = world;
    await broker.run(['user', 'add', 'eve']);
    const { token } = (await broker.json([
      'grant',
      'issue',
      '--label',
      'eve',
      '--user',
      'eve',
      '--server',
      'small',
    ])) as IssuedGrant;
    const eve = await openSession(url, token, new Agent({ keepAlive: true, maxSockets: 8 }));
    const deniedUris = async (count: number) => {
      const uri = `file:///${'x'.repeat(1024 * 1024)}`;
      for (let call = 0; call < count; call++) await eve('resources/read', { uri: `${uri}${call}` });
    };
    const costs: Record<string, number> = {};
    const spend = async (work: () => Promise<unknown>) => {
      const [startedAt, before] = [performance.now(), mainThreadUs(broker.pid)];
      await work();
      return { us: mainThreadUs(broker.pid) - before, ms: performance.now() - startedAt };
    };
    const measure = async (name: string, count: number, work: (count: number) => Promise<unknown>) => {
      await work(Math.ceil(count / 4)); // compiled
      // What it does while nobody asks for anything, which counts where things wait for their turn.
      const idle = await spend(() => delay(IDLE_MS));
      const spent = await spend(() => work(count));
      costs[name] = (spent.us - (idle.us / idle.ms) * spent.ms) / count;
    };
    await measure('bad token', 2_000, (count) => badTokens(url, count));
    await measure('registration', 140, (count) => registrations(url, count));
    await measure('denied URI of 1 MiB', 40, deniedUris);
    await measure('wrong password', 24, (count) => wrongPasswords(url, ['eve', 'nobody'], count));
    return costs;
  } finally {
    await world.close();
  }
}
