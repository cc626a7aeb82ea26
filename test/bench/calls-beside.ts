// `npm run bench:calls-beside`: what calls through `mcpgate serve` wait for while the broker's log, of BENCH_CALLS calls, is searched and exported:
// their p50 and p99, with nothing beside them and with each; `bench:audit-reading` has a verification beside the record of a call. BENCH_DATABASE_URL takes an empty PostgreSQL database. Exits 1 where a goal is missed.
import { request } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startCommand } from '../world/command.ts';
import { GATE } from '../world/people/person.ts';
import { openWorld } from '../world.ts';
import { longLog } from './audit-log.ts';
import { openStdioClient, shakeHands, type LoadClient } from './load-client.ts';
import { quantile } from './quantile.ts';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 400_000);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 15);
const databaseUrl = process.env['BENCH_DATABASE_URL'];
const EACH_MS = 5;
const MOST_SLOWER = 2;

const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-beside-'));
await longLog(dataDir, CALLS, databaseUrl);
const upstream = startCommand([process.execPath, join(import.meta.dirname, 'minimal', 'upstream.ts')], {
  env: { PATH: process.env['PATH'] },
});
const [, port = ''] = await upstream.line(/port (\d+)/);
const world = await openWorld({
  ...{ direct: true, dataDir, servers: { bench: { url: `http://127.0.0.1:${port}/mcp` } } },
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
});

/** Reads an answer of the administration to its end and keeps nothing of it, until the signal is aborted. */
function read(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ socketPath: join(dataDir, 'admin.sock'), path: `/api/v1${path}`, agent: false, signal },
      headers: { 'x-mcpgate-actor': 'host:bench' },
    });
    const end = (error: Error): void => (signal.aborted ? resolve() : reject(error));
    sent.once('error', end);
    sent.once('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
      response.once('end', resolve).once('error', end).resume();
    });
    sent.end();
  });
}

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
type Beside = (signal: AbortSignal) => Promise<void>;
/** Again and again, until the signal is aborted. */
const again =
  (work: (signal: AbortSignal, turn: number) => Promise<void>): Beside =>
  async (signal) => {
    for (let turn = 0; !signal.aborted; turn += 1) await work(signal, turn);
  };
const besides: Record<string, Beside[]> = {
  'nothing beside them': [],
  'two searches at a time': [0, 3].map((first) =>
    again((signal, turn) => read(`/audit/calls?limit=100&${SEARCHES[(first + turn) % SEARCHES.length]}`, signal)),
  ),
  'an export of rows': [again((signal) => read('/audit/export.rows.jsonl', signal))],
  'an export as JSON lines': [again((signal) => read('/audit/export.jsonl', signal))],
  'an export as CSV': [again((signal) => read('/audit/export.csv', signal))],
  'an export as Parquet': [again((signal) => read('/audit/export.parquet', signal))],
};

let missed = 0;
try {
  const ada = await world.member('ada', { env: { MCPGATE_LOG: 'warn' } });
  const client = openStdioClient([process.execPath, GATE, 'serve'], ada.env);
  await shakeHands(client);
  await calls(client, 5);
  const took: Record<string, number[]> = {};
  // In turns, so that a machine that becomes slower does so for all of them.
  for (let round = 0; round < 2; round += 1)
    for (const [what, works] of Object.entries(besides)) {
      const over = new AbortController();
      const beside = Promise.all(works.map((work) => work(over.signal)));
      await Promise.race([beside, pause(1_000)]);
      (took[what] ??= []).push(...(await calls(client, SECONDS / 2)));
      over.abort();
      await beside;
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
