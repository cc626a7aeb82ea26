// `npm run chaos [-- --seconds S --seed N --json]`: breaks a whole world on purpose and compares the logs. Exits 1 with the first
// difference; the seed repeats the schedule.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos-run.ts';
import { judge, reportText } from './report.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
if (!Number.isFinite(seconds) || seconds <= 0 || !Number.isSafeInteger(seed)) {
  process.stderr.write('Usage: npm run chaos -- [--seconds SECONDS] [--seed NUMBER] [--json]\n');
  process.exit(2);
}

const { stdout, stderr } = process;
if (!values.json) stdout.write(`chaos: ${seconds} s, seed ${seed}\n`);
const result = await runChaos({
  seed,
  seconds,
  onProgress({ calls, pending, faults }) {
    if (stderr.isTTY) stderr.write(`\r${faults} faults, ${calls} calls, ${pending} under way  `);
  },
});
if (stderr.isTTY) stderr.write('\r\u001b[K');
const complaint = judge(result);
const { logs, ...figures } = result;
if (values.json) stdout.write(`${JSON.stringify({ ...figures, complaint: complaint ?? null }, null, 2)}\n`);
else stdout.write(reportText(result));
if (complaint !== undefined) stderr.write(`${logs}\n\n✗ seed ${seed}: ${complaint}\n`);
process.exitCode = complaint === undefined ? 0 : 1;
