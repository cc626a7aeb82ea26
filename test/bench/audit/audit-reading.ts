// `npm run bench:audit-reading`: a log of ten million rows (BENCH_CALLS=5000000) read beside calls: searches, exports, a verification; how fast, in how much
// memory, and what calls wait meanwhile. BENCH_FOLDER keeps the log for the next time; BENCH_DATABASE_URL takes a PostgreSQL that is there.
// Exits 1 where a goal is missed. Searches, exports and verifications run in the threads in which a broker runs them.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from 'mcpgate-shared/clock';
import type { CallSearch } from '../../../broker/src/audit/audit.ts';
import { createAudit } from '../../../broker/src/audit/create-audit.ts';
import { createSearchThreads } from '../../../broker/src/audit/search/search-threads.ts';
import { createLogExports } from '../../../broker/src/audit/export/log-exports.ts';
import type { ExportFormat } from '../../../broker/src/audit/export/export-order.ts';
import { verifyInThread } from '../../../broker/src/audit/proof/verify-thread.ts';
import { openStore } from '../../../broker/src/store/open-store.ts';
import { keys, longLog, quiet, sealKey } from './audit-log.ts';
import { callOf, sessionsOf } from './audit-rows.ts';
import { quantile } from '../quantile.ts';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 5_000_000);
const LINES = Number(process.env['BENCH_LINES'] ?? 1_000_000);
const folder = process.env['BENCH_FOLDER'] ?? join(tmpdir(), 'mcpgate-bench-reading');
const databaseUrl = process.env['BENCH_DATABASE_URL'];
const MOST_SEARCH_MS = 200;
const FEWEST_ROWS = 50_000;
const FEWEST_VERIFIED = 200_000;
const MOST_MB = 150;
const MOST_SLOWER = 2;

let missed = 0;
function tell(what: string, value: number, unit: string, ok?: boolean): void {
  if (ok === false) missed += 1;
  const sign = ok === undefined ? ' ' : ok ? '✓' : '✗';
  process.stdout.write(`${sign} ${what}: ${Math.round(value * 100) / 100} ${unit}\n`);
}

const { publicPem } = await longLog(folder, CALLS, databaseUrl);
const store = await openStore({
  ...{ dataDir: folder, log: quiet, clock: systemClock },
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
});
const search = createSearchThreads(store.audit.source(), systemClock);
const audit = createAudit({ store, clock: systemClock, writerId: `reading-${Date.now()}`, log: quiet, keys, search });
const exports = createLogExports({ store, audit });
const sessions = sessionsOf(10);

/** What the record of a call takes, one every 5 ms, until it is over. */
async function beside(work: () => Promise<void>): Promise<number[]> {
  let isOver = false;
  const done = work().finally(() => (isOver = true));
  const times: number[] = [];
  for (let call = 0; !isOver; call += 1) {
    const { intent, outcome } = callOf(call, sessions);
    const began = performance.now();
    await audit.endCall(await audit.beginCall(intent), intent, outcome);
    times.push(performance.now() - began);
    await pause(5);
  }
  await done;
  return times;
}

const alone = await beside(async () => await pause(10_000));
const p99Alone = quantile(alone, 0.99);
tell('the record of a call, p99, nothing beside it', p99Alone, 'ms');

const workspaceId = 'default';
const since = Date.now() - 50 * 86_400_000;
const until = Date.now() - 60 * 86_400_000;
const [some] = (await audit.findCalls({ workspaceId, limit: 1, until })).records;
const [session, id] = [some?.session_id ?? '', some?.id.slice(0, 18) ?? ''];
/** Each filter that is documented, with what many calls have, and with what none has. */
const searches: Record<string, Omit<CallSearch, 'workspaceId' | 'limit'>> = {
  'of all': {},
  'before a time': { until },
  'of a person': { user: 'person.7' },
  'of nobody': { user: 'nobody' },
  'of a tool': { tool: 'server-3__tool_9' },
  'of tools by a pattern': { tool: 'server-3__*' },
  'of tools by a part': { text: 'tool_7' },
  'of a server since a time': { server: 'server-5', since },
  'that failed': { status: 'tool_error' },
  'that were cancelled': { status: 'cancelled' },
  'that were allowed': { decision: 'allow' },
  'that were denied': { decision: 'deny' },
  'by a rule': { rule: 'r_rule3' },
  'by a rule, long ago': { rule: 'r_rule3', until },
  'by a rule that decided none': { rule: 'r_none00' },
  'that carried a secret': { secret: 'server-9-token@2' },
  'that carried a secret nobody has': { secret: 'none' },
  'with a credential': { credential: 'laptop-of-9' },
  'with a credential nobody has': { credential: 'laptop-of-none' },
  'of a client': { client: 'cur*' },
  'of a client nobody has': { client: 'zed' },
  'of a session': { session },
  'of a session that never was': { session: '218c7cc9-9bb2-4f66-bd47-5058e168f357' },
  'by an id': { id },
  'of a client and a person': { client: 'cur*', user: 'person.9' },
  'of a person, cancelled': { status: 'cancelled', user: 'person.9' },
  'of a person by a rule, of which there are none: a part': { user: 'person.9', rule: 'r_rule1' },
  'without an end, of which there are none: a part': { status: 'unknown' },
};
for (const [what, filter] of Object.entries(searches)) {
  const took: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    await audit.findCalls({ workspaceId, limit: 100, ...filter });
    took.push(performance.now() - began);
  }
  const ms = quantile(took, 0.5);
  tell(`a search for calls ${what}, p50`, ms, 'ms', ms <= MOST_SEARCH_MS);
}

let searched = 0;
const besideSearches = await beside(async () => {
  const end = performance.now() + 10_000;
  const two = Array.from({ length: 2 }, async () => {
    for (const filter of endless(Object.values(searches))) {
      if (performance.now() > end) return;
      await audit.findCalls({ workspaceId, limit: 100, ...filter });
      searched += 1;
    }
  });
  await Promise.all(two);
});
const p99Searches = quantile(besideSearches, 0.99);
const isAsQuick = (p99: number): boolean => p99 <= MOST_SLOWER * p99Alone;
tell(
  `the record of a call, p99, beside two searches at a time, ${searched} in 10 s`,
  p99Searches,
  'ms',
  isAsQuick(p99Searches),
);

function* endless<T>(values: readonly T[]): Generator<T> {
  for (;;) yield* values;
}

for (const format of ['rows', 'jsonl', 'csv', 'parquet'] satisfies ExportFormat[]) {
  const before = process.memoryUsage().rss;
  let [most, bytes, seconds, cpu] = [before, 0, 0, 0];
  const times = await beside(async () => {
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    const asked = { format, workspaceId: 'default', filter: {}, isLinked: false, after: undefined, ends: undefined };
    const parts = exports.parts({ ...asked, limit: LINES }, new AbortController().signal);
    for await (const part of parts) {
      bytes += Buffer.byteLength(part);
      most = Math.max(most, process.memoryUsage().rss);
    }
    seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu = (user + system) / 1_000_000;
  });
  // A line for a call is of two rows of the log.
  const rows = format === 'rows' ? LINES : 2 * LINES;
  tell(`export as ${format}: rows of the log a second`, rows / seconds, 'rows', rows / seconds >= FEWEST_ROWS);
  tell(`  the same for a second of one core`, rows / cpu, 'rows');
  tell(`  bytes a second`, bytes / seconds / 1e6, 'MB');
  tell(`  memory above what there was`, (most - before) / 1e6, 'MB', (most - before) / 1e6 <= MOST_MB);
  const p99 = quantile(times, 0.99);
  tell(`  the record of a call beside it, p99`, p99, 'ms', isAsQuick(p99));
}

let verified = 0;
let seconds = 0;
let cpu = 0;
const beforeVerify = process.memoryUsage().rss;
let mostVerify = beforeVerify;
const times = await beside(async () => {
  const beganAt = performance.now();
  const began = process.cpuUsage();
  const order = { source: store.audit.source(), sealKeys: { bench: sealKey }, pems: { 'audit-1': publicPem } };
  const more = { since: undefined, until: undefined, checkpoints: [], claims: [], archives: undefined };
  for await (const message of verifyInThread({ ...order, ...more }, new AbortController().signal)) {
    mostVerify = Math.max(mostVerify, process.memoryUsage().rss);
    if (message.kind !== 'verdict') continue;
    if (message.verdict.fault !== undefined) throw new Error(message.verdict.fault.why);
    verified = message.verdict.rows;
  }
  seconds = (performance.now() - beganAt) / 1_000;
  const { user, system } = process.cpuUsage(began);
  cpu = (user + system) / 1_000_000;
});
tell(`verified a second, of ${verified} rows`, verified / seconds, 'rows', verified / seconds >= FEWEST_VERIFIED);
tell('  the same for a second of one core', verified / cpu, 'rows');
tell('  memory above what there was', (mostVerify - beforeVerify) / 1e6, 'MB');
const p99 = quantile(times, 0.99);
tell('  the record of a call beside it, p99', p99, 'ms', isAsQuick(p99));
await audit.close();
await store.close();
if (missed > 0) process.exitCode = 1;
