// One world for the tests of a file: the start of a broker and of a database costs more than most of their tests. Each test finds it without people,
// links and notes of the server; the audit log goes on.
import { rmSync } from 'node:fs';
import { after, before, type TestContext } from 'node:test';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld, type World, type WorldOptions } from '../world.ts';
import { adminDelete } from './admin-post.ts';
import type { Person } from './people/person.ts';
import { endProcessesOf } from './process-table.ts';

export interface SharedWorld {
  readonly world: World;
  /** Behind the server `counting`. */
  readonly upstream: CountingUpstream;
  /** Words of `audit search` for what was written since the test began. */
  readonly since: readonly string[];
}

/**
 * Call it where the file's tests are. Node begins all that is to be done before them at once, so `options` waits for nothing that another hook
 * makes; `register` gives the broker the server, if it is not to be used as it is. The returned function is called once in each test, which
 * leaves the broker running, and its servers, rules and grants as it found them; people and their laptops are gone after it.
 */
export function shareWorld(
  options: () => Promise<Omit<WorldOptions, 'servers'>> = () => Promise.resolve({}),
  register = (world: World, url: string): Promise<void> => world.importServers({ counting: { url } }),
): (t: TestContext & { readonly error?: unknown }) => SharedWorld {
  let opened: { world: World; upstream: CountingUpstream } | undefined;
  before(async () => {
    const upstream = await startCountingUpstream();
    opened = { upstream, world: await openWorld(await options()) };
    await register(opened.world, upstream.url);
  });
  after(async () => {
    await opened?.world.close();
    await opened?.upstream.close();
  });
  return (t) => {
    if (opened === undefined) throw new Error('the shared world is not open');
    const { world, upstream } = opened;
    const accounts: string[] = [];
    const laptops: Person[] = [];
    const seen: World = {
      ...world,
      broker: world.broker,
      laptop(name, env) {
        const laptop = world.laptop(name, env);
        laptops.push(laptop);
        return laptop;
      },
      async person(name, { env, ...account } = {}) {
        await world.account(name, account);
        accounts.push(name);
        return seen.laptop(name, env);
      },
      async member(name, more) {
        const person = await seen.person(name, more);
        await world.login(person);
        return person;
      },
    };
    t.after(async () => {
      if (t.error !== null && t.error !== undefined) process.stderr.write(`${world.logs()}\n`);
      await Promise.allSettled(laptops.map((laptop) => laptop.close()));
      for (const { home } of laptops) {
        endProcessesOf(home);
        rmSync(home, { recursive: true, force: true });
      }
      world.network.target = world.broker.listenUrl;
      world.network.throttle(undefined);
      world.network.restore();
      upstream.renew();
      for (const name of accounts) await adminDelete(world.broker.dataDir, `/users/${name}`);
      await world.network.when(() => world.network.upgrades.open === 0);
    });
    return { world: seen, upstream, since: ['--since', new Date().toISOString()] };
  };
}
