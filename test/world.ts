// A whole world on real processes in a folder of its own: a broker, people with their laptops, AI clients, upstream servers.
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { adminPost } from './world/admin-post.ts';
import { startBroker, type Broker } from './world/broker.ts';
import { createPerson, type Person } from './world/people/person.ts';
import { endProcessesOf } from './world/process-table.ts';
import { startWatchedNetwork, type WatchedNetwork } from './world/network/watched-network.ts';

export interface WorldOptions {
  /** `mcpServers` entries as AI clients write them; imported into the broker. */
  servers?: Record<string, unknown>;
  /** The URL of an empty PostgreSQL database; SQLite in the world's folder unless given. */
  databaseUrl?: string;
  /** Of the broker; a folder of the world's unless given. */
  dataDir?: string;
  /** The broker's address, `127.0.0.1:PORT`; a free port unless given. */
  listen?: string;
  /** More arguments of `mcpgate-broker start`. */
  brokerArgs?: readonly string[];
  /** More environment of the broker. */
  brokerEnv?: Record<string, string>;
  /** Laptops reach the broker without the watched network between: for measuring. */
  direct?: boolean;
  /** One rule that lets everyone use everything; on unless said. */
  open?: boolean;
}

export interface World {
  /** The folder that holds everything of this world; anyone on the machine may look into it, not into what is in it. */
  readonly root: string;
  readonly broker: Broker;
  /** What lies between the laptops and the broker. */
  readonly network: WatchedNetwork;
  /** The broker's public URL, which `mcpgate login` takes: the network's, where that is between. */
  readonly url: string;
  /** A person with an account and a laptop, who has not logged in. */
  person(
    name: string,
    options?: { groups?: readonly string[]; role?: string; env?: Record<string, string> },
  ): Promise<Person>;
  /** An account without a laptop. */
  account(name: string, options?: { groups?: readonly string[]; role?: string }): Promise<void>;
  /** A laptop of nobody in particular: no account. */
  laptop(name: string, env?: Record<string, string>): Person;
  /** Logs the person in; the code is approved on the broker's host. */
  login(person: Person): Promise<void>;
  /** A person who is logged in. */
  member(
    name: string,
    options?: { groups?: readonly string[]; role?: string; env?: Record<string, string> },
  ): Promise<Person>;
  /** Imports servers as `mcpServers` entries. */
  importServers(servers: Record<string, unknown>, options?: { args?: readonly string[] }): Promise<void>;
  /** The name of the one secret that `server` uses. */
  secretOf(server: string): Promise<string>;
  close(): Promise<void>;
  /** What the processes said: for the report of a failure. */
  /** The ends of what its processes said, or what they said between two times, ms since the epoch. */
  logs(between?: readonly [number, number]): string;
}

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/;

function linesBetween(text: string, [from, to]: readonly [number, number]): string {
  const isWithin = (line: string) => {
    const at = Date.parse(TIME.exec(line)?.[0] ?? '');
    return at >= from && at <= to;
  };
  return text.split('\n').filter(isWithin).join('\n');
}

/** Opens a world; the caller closes it. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'mg-'));
  chmodSync(root, 0o755);
  const people: Person[] = [];
  let imports = 0;
  const network = await startWatchedNetwork();
  const broker = await startBroker({
    root,
    args: [
      ...(options.direct === true ? [] : ['--public-url', network.url]),
      ...(options.databaseUrl === undefined ? [] : ['--database-url', options.databaseUrl]),
      ...(options.brokerArgs ?? []),
    ],
    ...(options.listen !== undefined && { listen: options.listen }),
    ...(options.brokerEnv && { env: options.brokerEnv }),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
  }).catch(async (error: unknown) => {
    await network.close();
    endProcessesOf(root);
    rmSync(root, { recursive: true, force: true });
    throw error;
  });
  network.target = broker.listenUrl;
  const world: World = {
    root,
    broker,
    network,
    url: options.direct === true ? broker.listenUrl : network.url,
    laptop(name, env) {
      const person = createPerson({ name, root, ...(env && { env }) });
      people.push(person);
      return person;
    },
    async account(name, { groups = [], role } = {}) {
      await adminPost(broker.dataDir, '/users', { name, groups, ...(role === undefined ? {} : { role }) });
    },
    async person(name, { env, ...account } = {}) {
      await world.account(name, account);
      return world.laptop(name, env);
    },
    async login(person) {
      await person.login(world.url, async (code) => {
        await adminPost(broker.dataDir, '/logins/approve', { user_code: code, user: person.name });
      });
    },
    async member(name, more) {
      const person = await world.person(name, more);
      await world.login(person);
      return person;
    },
    async importServers(servers, { args = [] } = {}) {
      imports += 1;
      const file = join(root, `import-${imports}.json`);
      writeFileSync(file, JSON.stringify({ mcpServers: servers }), { mode: 0o600 });
      await broker.run(['server', 'import', file, ...args]);
      rmSync(file);
    },
    async secretOf(server) {
      const secrets = (await broker.json(['secret', 'list'])) as { name: string; servers: string[] }[];
      const names = secrets.filter(({ servers }) => servers.includes(server)).map(({ name }) => name);
      if (names[0] === undefined || names.length > 1) throw new Error(`${server} uses ${names.length} secrets`);
      return names[0];
    },
    async close() {
      await Promise.allSettled(people.map((person) => person.close()));
      await broker.stop();
      await network.close();
      endProcessesOf(root);
      rmSync(root, { recursive: true, force: true });
    },
    logs(between) {
      const files = globSync(['*/**/*.log', '*/.config/**/*.log'], { cwd: root });
      const texts: [string, string, number][] = [['broker', broker.output(), 12_000]];
      for (const file of files) texts.push([file, readFileSync(join(root, file), 'utf8'), 6_000]);
      return texts
        .map(
          ([name, text, tail]) =>
            `── ${name}\n${between === undefined ? text.slice(-tail) : linesBetween(text, between)}`,
        )
        .join('\n');
    },
  };
  try {
    if (options.servers !== undefined) await world.importServers(options.servers);
    if (options.open ?? true) await adminPost(broker.dataDir, '/rules', { effect: 'allow', who: ['*'], what: ['*'] });
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

/** A world that ends with its test; where the test fails, what its processes said is shown. */
export async function createWorld(
  t: TestContext & { readonly error?: unknown },
  options: WorldOptions = {},
): Promise<World> {
  const world = await openWorld(options);
  t.after(async () => {
    if (t.error !== null && t.error !== undefined) process.stderr.write(`${world.logs()}\n`);
    await world.close();
  });
  return world;
}
