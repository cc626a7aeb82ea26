// What it costs to keep the tokens of 1,000 people at one OAuth-protected server, compared with 100: how often each account is refreshed when all of
// them end at once and are asked for at two brokers, how long it takes to find a token, and the memory that each takes. The server is real, and
// takes a second use of a refresh token for a theft. Both worlds are asked in turns: machines drift, only the ratios count.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from 'mcpgate-shared/clock';
import type { Accounts } from '../../broker/src/accounts/accounts.ts';
import { createAccounts } from '../../broker/src/accounts/create-accounts.ts';
import type { AccountOwner } from '../../broker/src/domain/people/account.ts';
import { createLogger } from '../../broker/src/log/logger.ts';
import { createGuardedFetch } from '../../broker/src/net/guarded-fetch.ts';
import { openStore } from '../../broker/src/store/open-store.ts';
import { createVault } from '../../broker/src/vault/create-vault.ts';
import { loadMasterKey } from '../../broker/src/vault/master-key.ts';
import { startOAuthUpstream } from '../upstreams/oauth-server.ts';
import { quantile } from './quantile.ts';

const SIZES = [100, 1_000];
const ROUNDS = 40;
const LOOKUPS = 10_000;
const AT_A_TIME = 16;
/** Callers that want one person's token at the same time, half of them at each broker. */
const CALLERS = 4;
const HOUR_MS = 3_600_000;
/** What is searched through would take ten times as long with ten times as many people. */
const MOST = { lookup: 2, read: 2, refresh: 2, memory: 2 };
const BY_HAND = { name: 'host:root', address: null };
const WORKSPACE = 'default';

const collect = globalThis.gc;
if (collect === undefined) throw new Error('node --expose-gc test/bench/accounts.ts');

function heapAfterCollecting(): number {
  collect?.();
  collect?.();
  return process.memoryUsage().heapUsed;
}

async function inGroups<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await run(one);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

async function worldOf(size: number) {
  const upstream = await startOAuthUpstream();
  const dataDir = mkdtempSync(join(tmpdir(), 'mg-bench-'));
  const log = createLogger({ level: 'error', format: 'json', write: (line) => process.stderr.write(line) });
  let passedMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
  const store = await openStore({ dataDir, clock, log });
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock });
  const broker = (): Accounts =>
    createAccounts({
      ...{ store, vault, clock, log, audit: { event: () => Promise.resolve() } },
      ...{ guardedFetch: createGuardedFetch({ allowHosts: [] }), publicUrl: 'https://broker.example' },
    });
  const server = await store.servers.create({
    ...{ workspaceId: WORKSPACE, name: 'web', enabled: true, isolation: 'per-user', trustAnnotations: false },
    transport: { kind: 'http', url: upstream.url, headers: {} },
    ...{ credential: 'personal', account: { kind: 'oauth' } },
  });
  const first = broker();
  const owners: AccountOwner[] = [];
  for (let number = 0; number < size; number++) {
    const name = `person${number}`;
    const about = { workspaceId: WORKSPACE, name, email: null, role: 'member', groups: [] } as const;
    const owner = `user:${(await store.users.create(about)).id}` as const;
    const begun = await first.begin(server, owner, undefined);
    upstream.person = name;
    const back = (await fetch(begun.url, { redirect: 'manual' })).headers.get('location') ?? '';
    const finished = await first.finish(new URL(back), begun.browserSecret, () => [owner], BY_HAND);
    if (finished.kind === 'refused') throw new Error(finished.message);
    owners.push(owner);
  }

  const tokenOf = async (accounts: Accounts, owner: AccountOwner): Promise<string> => {
    const answer = await accounts.token(server, owner);
    if (answer.kind === 'lacking') throw new Error(`an account is ${answer.lack}`);
    return answer.value;
  };

  /** Every account ends, and is asked for by several callers at once. */
  async function refreshAll() {
    passedMs += HOUR_MS + 1_000;
    upstream.lifetimeS = 2 * 3_600;
    const brokers = [first, broker()];
    const startedAt = performance.now();
    await inGroups([...owners.entries()], async ([number, owner]) => {
      const callers = Array.from({ length: CALLERS }, (_, caller) => brokers[caller % brokers.length] ?? first);
      for (const token of await Promise.all(callers.map((accounts) => tokenOf(accounts, owner))))
        if (!token.startsWith(`at-person${number}-`)) throw new Error(`person${number} was given a token of another`);
    });
    const tookMs = (performance.now() - startedAt) / size;
    const refreshes = Map.groupBy(
      upstream.asked.filter(({ kind }) => kind === 'refresh'),
      ({ person }) => person,
    );
    const most = Math.max(...[...refreshes.values()].map((those) => those.length));
    return { tookMs, people: refreshes.size, most, reuses: upstream.reuses };
  }

  /** Brokers that have read all accounts: as many as make as many accounts in every world, so that caches and heaps are filled alike. */
  async function readAll(): Promise<Accounts[]> {
    const brokers = Array.from({ length: Math.max(...SIZES) / size }, broker);
    for (const accounts of brokers) for (const owner of owners) await tokenOf(accounts, owner);
    return brokers;
  }

  /** What an account takes in memory, in bytes, and how long it took to be read. */
  async function measureReading() {
    const before = heapAfterCollecting();
    const startedAt = performance.now();
    const brokers = await readAll();
    const count = brokers.length * size;
    const tookMs = (performance.now() - startedAt) / count;
    const bytes = (heapAfterCollecting() - before) / count;
    // Else they may be there still when the next ones are measured.
    brokers.length = 0;
    return { bytes, tookMs };
  }

  return {
    ...{ size, owners, server, refreshAll, readAll, measureReading },
    async close() {
      await store.close();
      await upstream.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const worlds: Awaited<ReturnType<typeof worldOf>>[] = [];
for (const size of SIZES) worlds.push(await worldOf(size));

let isKept = true;
const refreshMs: number[] = [];
for (const { size, refreshAll } of worlds) {
  const { tookMs, people, most, reuses } = await refreshAll();
  refreshMs.push(tookMs);
  console.log(
    `${size} people, ${CALLERS} callers each at two brokers: ${people} refreshed, ${most} refresh each at the most, ${reuses} refresh tokens used twice, ${tookMs.toFixed(2)} ms each`,
  );
  isKept &&= people === size && most === 1 && reuses === 0;
}

const measured: ((typeof worlds)[number] & {
  brokers: Accounts[];
  lookups: number[];
  reads: number[];
  sizes: number[];
})[] = [];
for (const world of worlds)
  measured.push({ ...world, brokers: await world.readAll(), lookups: [], reads: [], sizes: [] });
for (let round = 0; round < ROUNDS; round++)
  for (const { size, owners, server, brokers, ...world } of round % 2 === 0 ? measured : measured.toReversed()) {
    // In time of the processor: what else the machine does meanwhile is no cost of a lookup.
    const startedAt = process.cpuUsage();
    for (let number = 0; number < LOOKUPS; number++) {
      const owner = owners[(number * 7_919 + round) % size] ?? 'shared';
      const answer = brokers[Math.floor(number / size) % brokers.length]?.token(server, owner);
      if (answer === undefined || answer instanceof Promise || answer.kind !== 'token')
        throw new Error('a token is not in memory');
    }
    const { user, system } = process.cpuUsage(startedAt);
    world.lookups.push((user + system) / LOOKUPS);
    if (round % 8 !== 0) continue;
    const { bytes, tookMs } = await world.measureReading();
    world.reads.push(tookMs);
    world.sizes.push(bytes);
  }

const medianOf = (figures: readonly number[]): number => quantile(figures, 0.5);
const found = measured.map(({ lookups, reads, sizes }) => [lookups, reads, sizes].map(medianOf));
for (const [index, { size }] of measured.entries()) {
  const [lookup = 0, fromStore = 0, bytes = 0] = found[index] ?? [];
  console.log(
    `${size} people: ${lookup.toFixed(2)} µs a lookup in memory, ${(fromStore * 1_000).toFixed(0)} µs from the store, ${(bytes / 1_024).toFixed(1)} KiB of memory each`,
  );
}
const ratioOf = (place: number): number => (found[1]?.[place] ?? Number.NaN) / (found[0]?.[place] ?? Number.NaN);
const ratios = {
  lookup: ratioOf(0),
  read: ratioOf(1),
  refresh: (refreshMs[1] ?? Number.NaN) / (refreshMs[0] ?? Number.NaN),
  memory: ratioOf(2),
};
const missed = Object.entries(MOST).filter(([name, most]) => !(ratios[name as keyof typeof ratios] <= most));
console.log(
  `ratios ${Object.entries(ratios)
    .map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`)
    .join(', ')}${missed.length === 0 ? '' : `; missed: ${missed.map(([name]) => name).join(', ')}`}`,
);
for (const world of worlds) await world.close();
process.exitCode = isKept && missed.length === 0 ? 0 : 1;
