// Loaded into a measured process (`--import`): writes how long its event loop was held to `$LOOP_DELAY_DIR/PID.json`. SIGUSR2: anew.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 1 });
const file = join(process.env['LOOP_DELAY_DIR'] ?? '.', `${process.pid}.json`);
delay.enable();
process.on('SIGUSR2', () => delay.reset());
setInterval(() => {
  const ms = (nanoseconds: number) => nanoseconds / 1e6;
  const what = process.argv.slice(1, 4).join(' ');
  const { rss } = process.memoryUsage();
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ what, p99: ms(delay.percentile(99)), max: ms(delay.max), rssMb: rss / 1e6 }),
  );
  renameSync(`${file}.new`, file); // whoever reads meanwhile finds it whole
}, 250).unref();
