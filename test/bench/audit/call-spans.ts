// What it costs a call that its spans are committed with its outcome: `node test/bench/audit/call-spans.ts`, on both engines. In turn with calls that are not
// traced, and with calls whose spans are made and kept nowhere, in one process, one call at a time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { INTENT, OUTCOME } from '../../../broker/src/audit/fixtures/proof-world.ts';
import { createAudit } from '../../../broker/src/audit/create-audit.ts';
import { openStore } from '../../../broker/src/store/open-store.ts';
import { exportOf } from '../../../broker/src/telemetry/span-facts.ts';
import { createTraces, type EndedCall } from '../../../broker/src/telemetry/spans.ts';
import { startPostgres } from '../../postgres.ts';
import { keys, quiet } from './audit-log.ts';
import { quantile } from '../quantile.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 60);
const WARMING = 5;
const CALLS_A_ROUND = 256;
const WAYS = ['not traced', 'made', 'made and kept'] as const;
const maker = { version: '1.0.0', host: 'bench' };
const PARENT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true, state: null };
const transport = { kind: 'http', url: 'https://github.example/mcp', headers: {} } as const;

async function measure(engine: string, databaseUrl: string | undefined): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-spans-'));
  const at = databaseUrl === undefined ? {} : { databaseUrl };
  const store = await openStore({ dataDir, log: quiet, clock: systemClock, ...at });
  let ended: EndedCall[] = [];
  const traces = createTraces({
    ...{ maker, take: (call) => ended.push(call), sample: 1 },
    ...{ elapsedMs: () => performance.now(), zero: () => Date.now() - performance.now() },
  });
  const audit = createAudit({ store, clock: systemClock, log: quiet, writerId: 'bench', keys });

  async function call(way: (typeof WAYS)[number]): Promise<void> {
    const request = { method: INTENT.method, startedAt: performance.now() };
    const span = way === 'not traced' ? undefined : traces.begin(PARENT, request);
    const id = await audit.beginCall(INTENT);
    const to = { server: { name: 'github', transport }, what: 'github__search', protocolVersion: '2025-11-25' };
    span?.send().end(to, OUTCOME);
    const spans = span?.end(id, INTENT, OUTCOME);
    await audit.endCall(id, INTENT, OUTCOME, way === 'made and kept' ? spans : undefined);
    if (way === 'made') spans?.kept({ chain: 'none', seq: 0 });
  }

  /** What a broker does a second later. */
  async function send(): Promise<void> {
    exportOf(
      maker,
      ended.map(({ facts }) => facts),
    );
    for (const [chain, calls] of Map.groupBy(ended, ({ row }) => row.chain))
      await store.callSpans.remove(
        chain,
        calls.map(({ row }) => row.seq),
      );
    ended = [];
  }

  const times = new Map(WAYS.map((way) => [way, { p50: [] as number[], cpu: [] as number[] }]));
  for (let round = 0; round < WARMING + ROUNDS; round += 1)
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const each: number[] = [];
      const before = process.cpuUsage();
      for (let count = 0; count < CALLS_A_ROUND; count += 1) {
        const startedAt = performance.now();
        await call(way);
        each.push((performance.now() - startedAt) * 1_000);
      }
      await send();
      const { user, system } = process.cpuUsage(before);
      if (round < WARMING) continue;
      times.get(way)?.p50.push(quantile(each, 0.5));
      times.get(way)?.cpu.push((user + system) / CALLS_A_ROUND);
    }
  for (const [way, { p50, cpu }] of times) {
    // The lower quarter of rounds is of those in which the machine did least else.
    const [wall, busy] = [quantile(p50, 0.25), quantile(cpu, 0.25)].map((value) => value.toFixed(0));
    console.log(
      `${engine.padEnd(10)} ${way.padEnd(13)} both commits of a call, p50: ${wall} µs; CPU of all of it: ${busy} µs`,
    );
  }
  await audit.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
}

await measure('SQLite', undefined);
const postgres = await startPostgres();
await measure('PostgreSQL', await postgres.createDatabase());
await postgres.stop();
