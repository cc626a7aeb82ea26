// `npm run bench:calls-beside`: what calls through `mcpgate serve` wait for while the broker's log, of BENCH_CALLS calls, is searched and exported:
// their p50 and p99, with nothing beside them and with each; `bench:audit-reading` has a verification beside the record of a call. BENCH_DATABASE_URL takes an empty PostgreSQL database. Exits 1 where a goal is missed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startCommand } from '../../world/command.ts';
import { GATE } from '../../world/people/person.ts';
import { openWorld } from '../../world.ts';
import { longLog } from './audit-log.ts';
import { openStdioClient, shakeHands, type LoadClient } from '../load-client.ts';
import { quantile } from '../quantile.ts';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 400_000);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 15);
const databaseUrl = process.env['BENCH_DATABASE_URL'];
const EACH_MS = 5;
const MOST_SLOWER = 2;

const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-beside-'));
await longLog(dataDir, CALLS, databaseUrl);
const upstream = startCommand([process.execPath, join(import.meta.dirname, '..', 'minimal', 'upstream.ts')], {
  env: { PATH: process.env['PATH'] },
});
const [, port = ''] = await upstream.line(/port (\d+)/);
const world = await openWorld({
  ...{ direct: true, dataDir, servers: { bench: { url: `http://127.0.0.1:${port}/mcp` } } },
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
});

/** A call every 5 ms for as long as that, and what each took in ms. */
async function calls(client: LoadClient, seconds: number): Promise<number[]> {
  const end = performance.now() + seconds * 1_000;
  const times: number[] = [];
  while (performance.now() < end) {
    const began = performance.now();
    await client.request('tools/call', { name: 'bench__echo', arguments: { text: 'x'.repeat(200) } });
    times.push(performance.now() - began);
    await pause(EACH_MS);
  }
  return times;
}

const SEARCHES = [
  'user=person.7',
  'tool=server-3__*',
  'status=tool_error',
  'rule=r_rule3',
  'client=cur*',
  'text=tool_7',
];
const turned = (by: number): string[] =>
  [...SEARCHES.slice(by), ...SEARCHES.slice(0, by)].map((filter) => `/audit/calls?limit=100&${filter}`);
/** What is read, by each of so many readers. */
const besides: Record<string, readonly (readonly string[])[]> = {
  'nothing beside them': [],
  'two searches at a time': [turned(0), turned(3)],
  'an export of rows': [['/audit/export.rows.jsonl']],
  'an export as JSON lines': [['/audit/export.jsonl']],
  'an export as CSV': [['/audit/export.csv']],
  'an export as Parquet': [['/audit/export.parquet']],
};

function startReader(paths: readonly string[]): { end(): Promise<unknown> } {
  const socketPath = join(dataDir, 'admin.sock');
  const reader = new Worker(new URL('./answer-reader.ts', import.meta.url), { workerData: { socketPath, paths } });
  reader.on('error', (error) => {
    throw error;
  });
  return { end: () => reader.terminate() };
}

let missed = 0;
try {
  const ada = await world.member('ada', { env: { MCPGATE_LOG: 'warn' } });
  const client = openStdioClient([process.execPath, GATE, 'serve'], ada.env);
  await shakeHands(client);
  await calls(client, 5);
  const took: Record<string, number[]> = {};
  // In turns, so that a machine that becomes slower does so for all of them.
  for (let round = 0; round < 2; round += 1)
    for (const [what, read] of Object.entries(besides)) {
      const readers = read.map(startReader);
      // They begin.
      await pause(1_500);
      (took[what] ??= []).push(...(await calls(client, SECONDS / 2)));
      for (const reader of readers) await reader.end();
    }
  await client.close();
  const alone = took['nothing beside them'] ?? [];
  for (const [what, times] of Object.entries(took)) {
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    const isAsQuick = p99 <= MOST_SLOWER * quantile(alone, 0.99);
    if (!isAsQuick) missed += 1;
    const texts = [p50, p99].map((ms) => ms.toFixed(2));
    process.stdout.write(
      `${isAsQuick ? '✓' : '✗'} ${times.length} calls, ${what}: p50 ${texts[0]} ms, p99 ${texts[1]} ms\n`,
    );
  }
} finally {
  await world.close();
  await upstream.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
if (missed > 0) process.exitCode = 1;
