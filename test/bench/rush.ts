// `npm run bench:rush`: two brokers with 1,500 laptops each, of which one is killed; small calls at the survivor all the while. Reports how many
// failed, how long they took and when all laptops were back. `--laptops N`, `--json`. Exits 1 where a goal is missed.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { quantile } from './quantile.ts';
import { runRush } from './rush-run.ts';

const GOALS = { failed: 0, p99Ms: 500, backMs: 15_000 };

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, laptops: { type: 'string', default: '3000' } },
});
const { laptops, lost, calls, failed, times, backMs, wasDeaf, toldLater } = await runRush({
  laptops: Number(values.laptops),
  limitMs: 120_000,
});
const p99 = quantile(times, 0.99);
const max = Math.max(...times);
if (values.json) {
  const facts = { laptops, lost, calls, failed: failed.length, p50: quantile(times, 0.5), p99, max, backMs, toldLater };
  process.stdout.write(`${JSON.stringify({ ...facts, wasDeaf, load: loadavg() }, null, 2)}\n`);
} else {
  const mark = (isMet: boolean) => (isMet ? '✓' : '✗');
  const lines = [
    `${laptops} laptops, ${lost} of them at the broker that was killed; load ${loadavg()[0]?.toFixed(1)}`,
    `${calls} calls at the survivor, ${failed.length} failed, goal ${GOALS.failed}  ${mark(failed.length <= GOALS.failed)}`,
    `median ${quantile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms, goal of the p99 ${GOALS.p99Ms} ms  ${mark(p99 <= GOALS.p99Ms)}`,
    `all laptops back after ${(backMs / 1_000).toFixed(1)} s, ${toldLater} times told to come later, goal ${GOALS.backMs / 1_000} s  ${mark(backMs <= GOALS.backMs)}`,
    ...(wasDeaf ? ['the survivor took itself for deaf'] : []),
    ...[...new Set(failed)].slice(0, 5).map((why) => `  ${why}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
process.exitCode = failed.length <= GOALS.failed && p99 <= GOALS.p99Ms && backMs <= GOALS.backMs ? 0 : 1;
