// `npm run bench:fairness`: small calls of one AI client while another moves results or arguments of 50 MB (`--bytes N`) over the same
// link. Reports the small ones' latency, and how long the loops of broker and daemon were held. `--json` prints one document. Exits 1
// where a p99 misses the goal.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openWorld } from '../world.ts';
import { startCommand, type Running } from '../world/command.ts';
import { GATE } from '../world/people/person.ts';
import { openStdioClient, shakeHands, type LoadClient } from './load-client.ts';
import { quantile } from './quantile.ts';

const GOAL_MS = 50;
const { values: options } = parseArgs({
  options: {
    bytes: { type: 'string', default: '50000000' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const PHASE_MS = 8_000;
const node = process.execPath;

interface Loop {
  what: string;
  p99: number;
  max: number;
  rssMb: number;
}

interface Measured {
  beside: string;
  calls: number;
  bulkCalls: number;
  megabytesPerS: number;
  p50: number;
  p99: number;
  max: number;
  loops: readonly Loop[];
}

async function timeCalls(client: LoadClient, untilMs: number): Promise<number[]> {
  const times: number[] = [];
  for (let now = performance.now(); now < untilMs; now = performance.now()) {
    const answer = await client.request('tools/call', { name: 'small__echo', arguments: { text: 'small' } });
    times.push(performance.now() - now);
    if (!answer.includes('small')) throw new Error(`echo answered ${answer.slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 2)); // a client thinks between its calls
  }
  return times;
}

async function measure(): Promise<Measured[]> {
  const script = join(import.meta.dirname, 'bulk-upstream.ts');
  const upstream = startCommand([node, script], { env: {} });
  // Apart from the large ones, whose server is busy with them for 100 ms at a time.
  const smallUpstream = startCommand([node, script], { env: {} });
  const urlOf = async ({ line }: Running) => `http://127.0.0.1:${(await line(/port (\d+)/))[1]}/mcp`;
  const urls = { large: await urlOf(upstream), small: await urlOf(smallUpstream) };
  const delays = join(import.meta.dirname, 'loop-delay.ts');
  const world = await openWorld({
    direct: true,
    brokerEnv: { NODE_OPTIONS: `--import=${delays}`, LOOP_DELAY_DIR: '.' },
  });
  const openToAll = join(world.root, 'bulk-upstream.ts'); // a stdio server runs as a user of its own
  copyFileSync(script, openToAll);
  await world.importServers({
    small: { url: urls.small },
    http: { url: urls.large },
    stdio: { command: node, args: [openToAll, 'stdio'] },
  });
  const laptopDelays = join(world.root, 'loops');
  mkdirSync(laptopDelays);
  const ada = await world.member('ada', {
    env: { MCPGATE_LOG: 'warn', NODE_OPTIONS: `--import=${delays}`, LOOP_DELAY_DIR: laptopDelays },
  });
  const loops = (): Loop[] =>
    [world.root, laptopDelays].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => /^\d+\.json$/.test(name))
        .map((name) => ({
          pid: Number.parseInt(name, 10),
          ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Loop),
        }))
        .filter(({ what, pid }) => (what.includes('daemon run') || pid === world.broker.pid) && isAlive(pid))
        .map(({ pid, ...loop }) => {
          process.kill(pid, 'SIGUSR2');
          return { ...loop, what: pid === world.broker.pid ? 'broker' : 'daemon' };
        }),
    );
  const small = openStdioClient([node, GATE, 'serve'], ada.env);
  try {
    await shakeHands(small);
    await timeCalls(small, performance.now() + 1_000); // warm
    const measured: Measured[] = [];
    for (const tool of [undefined, 'http__bulk', 'stdio__bulk', 'http__take', 'stdio__take']) {
      const command = [node, join(import.meta.dirname, 'bulk-client.ts'), String(tool), options.bytes] as const;
      const bulk = tool === undefined ? undefined : startCommand([...command, node, GATE, 'serve'], { env: ada.env });
      await bulk?.line(/moved/, 60_000);
      loops();
      const before = movedBy(bulk?.output());
      const startedAt = performance.now();
      const times = await timeCalls(small, startedAt + PHASE_MS);
      const seconds = (performance.now() - startedAt) / 1000;
      await new Promise((resolve) => setTimeout(resolve, 300)); // the loops' figures are written now and then
      const after = movedBy(bulk?.output());
      measured.push({
        beside: tool ?? 'nothing',
        calls: times.length,
        bulkCalls: after.calls - before.calls,
        megabytesPerS: (after.bytes - before.bytes) / 1e6 / seconds,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        max: Math.max(...times),
        loops: loops(),
      });
      if (options.verbose) process.stderr.write(`${bulk?.output() ?? ''}\n`);
      await bulk?.stop();
    }
    return measured;
  } finally {
    await small.close();
    await upstream.stop();
    await smallUpstream.stop();
    await world.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // it has ended
  }
}

function movedBy(output = ''): { calls: number; bytes: number } {
  const moved = [...output.matchAll(/^moved (\d+)/gm)].map(([, bytes]) => Number(bytes));
  return { calls: moved.length, bytes: moved.reduce((sum, bytes) => sum + bytes, 0) };
}

const measured = await measure();
if (options.json) process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
else {
  for (const { beside, calls, bulkCalls, megabytesPerS, p50, p99, max, loops } of measured) {
    const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(9);
    process.stdout.write(
      `beside ${beside.padEnd(12)} ${String(calls).padStart(5)} calls  p50 ${ms(p50)}  p99 ${ms(p99)}  max ${ms(max)}  ${p99 <= GOAL_MS ? '✓' : '✗'}` +
        `  bulk: ${bulkCalls} calls, ${megabytesPerS.toFixed(0)} MB/s\n`,
    );
    for (const loop of loops) {
      process.stdout.write(
        `  loop of ${loop.what.padEnd(8)} p99 ${ms(loop.p99)}  max ${ms(loop.max)}  ${loop.rssMb.toFixed(0)} MB\n`,
      );
    }
  }
}
process.exitCode = measured.every(({ p99 }) => p99 <= GOAL_MS) ? 0 : 1;
