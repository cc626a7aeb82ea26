// `npm run bench:revocation`: how long after `user disable` has returned the last of a person's 50 calls under way on 5 laptops is cancelled
// upstream and the last link closed. `--json` prints one document. Exits 1 where the median misses the goal.
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld } from '../world.ts';
import { busyPerson, cutOff } from '../world/people/leaver.ts';
import { quantile } from './quantile.ts';

const GOAL_MS = 100;
const ROUNDS = 5;
const DEVICES = 5;
const CALLS = 10;

const upstream = await startCountingUpstream();
const world = await openWorld({ servers: { counting: { url: upstream.url } } });
const rounds: { tookMs: number; receiptMs: number }[] = [];
try {
  for (let round = 1; round <= ROUNDS; round++) {
    const name = `leaver-${round}`;
    const { held } = await busyPerson({ world, upstream }, { name, devices: DEVICES, calls: CALLS });
    const { receipt, tookMs } = await cutOff({ world, upstream }, name);
    if (receipt.calls_cancelled !== DEVICES * CALLS) throw new Error(`cancelled ${receipt.calls_cancelled} calls`);
    await Promise.all(held);
    rounds.push({ tookMs, receiptMs: receipt.ms });
  }
} finally {
  await world.close();
  await upstream.close();
}

const median = quantile(
  rounds.map(({ tookMs }) => tookMs),
  0.5,
);
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ rounds, median }, null, 2)}\n`);
else {
  for (const { tookMs, receiptMs } of rounds)
    process.stdout.write(`${tookMs.toFixed(1).padStart(6)} ms after the command returned; receipt: ${receiptMs} ms\n`);
  process.stdout.write(`median ${median.toFixed(1)} ms, goal ${GOAL_MS} ms  ${median <= GOAL_MS ? '✓' : '✗'}\n`);
}
process.exitCode = median <= GOAL_MS ? 0 : 1;
