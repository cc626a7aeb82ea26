// What a limit costs a call on one broker, over a real SQLite file: once it is under way, and with the transactions for blocks among them. And how soon a
// change of the rules holds at another broker over the same PostgreSQL: from its answer to the first call there that is decided by it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from 'mcpgate-shared/clock';
import { createLogger } from '../../broker/src/log/logger.ts';
import { createLimits } from '../../broker/src/limits/limits.ts';
import type { LimitOf } from '../../broker/src/policy/verdict.ts';
import { openStore } from '../../broker/src/store/open-store.ts';
import { startPostgres } from '../postgres.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld } from '../world.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { quantile } from './quantile.ts';

const TAKEN = 50_000;
const MOST_US = 10;
const CHANGES = 40;
const MOST_CHANGE_MS = 1_000;
const missed: string[] = [];

const limitOf = (subject: string): LimitOf => ({
  ...{ rule: 'r_bench0', place: 0, most: 100_000, withinMs: 3_600_000, per: 'person', subject, amount: 1 },
  observe: false,
});

async function takeLimits(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-'));
  const log = createLogger({ level: 'error', format: 'json', write: (line) => process.stderr.write(line) });
  const store = await openStore({ dataDir, log, clock: systemClock });
  const limits = createLimits({
    ...{ store, clock: systemClock },
    onError(error) {
      throw error;
    },
  });
  const take = async (limit: LimitOf): Promise<number> => {
    const began = performance.now();
    const taking = limits.reserve('default', [limit]);
    const reserved = taking instanceof Promise ? await taking : taking;
    if (reserved.kind !== 'reserved') throw new Error('the allowance is too small');
    return 1_000 * (performance.now() - began);
  };
  // As long as machine code is still made of what is called, that is what is measured.
  for (let call = 0; call < 20_000; call++) await take(limitOf('user:warm'));
  const each = new Float64Array(TAKEN);
  for (let call = 0; call < TAKEN; call++) each[call] = await take(limitOf('user:one'));
  const mean = each.reduce((sum, one) => sum + one, 0) / TAKEN;
  const p99 = quantile([...each], 0.99);
  console.log(
    `a limit: median ${quantile([...each], 0.5).toFixed(1)} µs, p99 ${p99.toFixed(1)} µs, mean ${mean.toFixed(1)} µs with the transactions for its blocks`,
  );
  if (!(p99 <= MOST_US && mean <= MOST_US)) missed.push('a limit');
  await limits.close();
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function changeRules(): Promise<void> {
  const postgres = await startPostgres();
  const upstream = await startCountingUpstream();
  const databaseUrl = await postgres.createDatabase();
  const world = await openWorld({ databaseUrl, servers: { counting: { url: upstream.url } } });
  const endings: (() => unknown)[] = [() => world.close(), () => upstream.close(), () => postgres.stop()];
  try {
    const t = { after: (end: () => unknown) => void endings.unshift(end) };
    const second = await startSecondBroker(t, world, databaseUrl);
    world.network.target = second.listenUrl;
    const there = await (await world.member('ada')).aiClient();
    await there.call('counting__echo', { text: 'x' });
    const took: number[] = [];
    for (let change = 0; change < CHANGES; change++) {
      const isDeny = change % 2 === 0;
      const rules = (await world.broker.json(['rule', 'list'])) as { id: string; effect: string }[];
      const deny = rules.find(({ effect }) => effect === 'deny');
      if (isDeny) await world.broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'counting__echo']);
      else await world.broker.run(['rule', 'remove', deny?.id ?? '', '--yes']);
      const changedAt = performance.now();
      for (;;) {
        const { isError } = await there.call('counting__echo', { text: 'x' });
        if (isError === isDeny) break;
        if (performance.now() - changedAt > 60_000) throw new Error('the change does not hold after a minute');
      }
      took.push(performance.now() - changedAt);
    }
    const worst = Math.max(...took);
    console.log(
      `a change of the rules holds at another broker: median ${quantile(took, 0.5).toFixed(0)} ms, worst of ${CHANGES} ${worst.toFixed(0)} ms after its answer`,
    );
    if (!(worst <= MOST_CHANGE_MS)) missed.push('a change of the rules');
  } finally {
    for (const end of endings) await end();
  }
}

await takeLimits();
await changeRules();
if (missed.length > 0) console.log(`missed: ${missed.join(', ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;
