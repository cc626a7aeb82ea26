// `npm run bench:audit`: what a call takes of the disk, with all indexes, on both engines, one at a time and sixteen together; what its record costs,
// with seals and checkpoints and without, in turns, and what part that is of a call through `mcpgate serve`; and how fast the log is verified. `--json` prints one JSON document. Exits 1 where a goal is missed.
import { seal, unseal } from '../../../broker/src/vault/seal.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import pg from 'pg';
import { systemClock } from 'mcpgate-shared/clock';
import { createAuditKeys, sealer, type AuditKeys } from '../../../broker/src/audit/audit-keys.ts';
import { createAudit } from '../../../broker/src/audit/create-audit.ts';
import { createCheckpointPlaces } from '../../../broker/src/audit/proof/checkpoint-places.ts';
import { verifyLog } from '../../../broker/src/audit/proof/verify-log.ts';
import { createLogger } from '../../../broker/src/log/logger.ts';
import { openLog } from '../../../broker/src/store/audit/log-reader.ts';
import { openStore } from '../../../broker/src/store/open-store.ts';
import { startPostgres } from '../../postgres.ts';
import { startCommand } from '../../world/command.ts';
import { GATE } from '../../world/people/person.ts';
import { openWorld } from '../../world.ts';
import { callOf, sessionsOf, writeCalls } from './audit-rows.ts';
import { openStdioClient, shakeHands } from '../load-client.ts';
import { quantile } from '../quantile.ts';

const CALLS = Number(process.env['BENCH_CALLS'] ?? 20_000);
const ROUNDS = 20;
const CALLS_A_ROUND = 200;
const MOST_BYTES = 700;
const FEWEST_ROWS_A_SECOND = 200_000;
/** Of the p50 of a call, what proves its record may take. */
const MOST_OF_A_CALL = 0.1;

const log = createLogger({ level: 'error', format: 'json', colours: false, write: () => undefined });
const key = new Uint8Array(32);
const keys = createAuditKeys({
  derive: () => ({ id: 'bench', bytes: key }),
  dataKeyIds: () => ['bench'],
  seal: (context, plain) => seal(key, context, plain),
  open: async (context, sealed) => unseal(key, context, sealed),
});
const pair = generateKeyPairSync('ed25519');

interface Line {
  what: string;
  value: number;
  unit: string;
  goal?: string;
  ok: boolean;
}

const line = (what: string, value: number, unit: string, goal?: string, ok = true): Line => ({
  ...{ what, value: Math.round(value * 100) / 100, unit, ok },
  ...(goal === undefined ? {} : { goal }),
});

/** Of all tables and indexes together: what a vacuum would leave. */
async function bytesOf(dataDir: string, url: string | undefined): Promise<number> {
  if (url === undefined) {
    const database = new DatabaseSync(join(dataDir, 'mcpgate.db'));
    database.exec('pragma wal_checkpoint(truncate)');
    const text =
      'select (page_count - freelist_count) * page_size as bytes from pragma_page_count, pragma_freelist_count, pragma_page_size';
    const bytes = Number(database.prepare(text).get()?.['bytes']);
    database.close();
    return bytes;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sizes = ['audit_rows', 'audit_words', 'audit_chains'].map((table) => `pg_total_relation_size('${table}')`);
  const { rows } = await client.query(`select ${sizes.join(' + ')} as bytes`);
  await client.end();
  return Number(Object(rows[0]).bytes);
}

async function measure(engine: 'SQLite' | 'PostgreSQL', url: () => Promise<string | undefined>): Promise<Line[]> {
  const lines: Line[] = [];
  for (const together of [1, 16]) {
    const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-audit-'));
    const databaseUrl = await url();
    const store = await openStore({
      dataDir,
      log,
      clock: systemClock,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
    const places = createCheckpointPlaces({ places: [], clock: systemClock, log });
    const checkpoints = {
      signer: () => Promise.resolve({ kid: 'audit-1', key: pair.privateKey }),
      places,
      isAlone: true,
    };
    const audit = createAudit({ store, clock: systemClock, writerId: 'bench', log, keys, checkpoints });
    await writeCalls(audit, 200, together);
    const before = await bytesOf(dataDir, databaseUrl);
    await writeCalls(audit, CALLS, together, 200);
    await audit.flush();
    const bytes = ((await bytesOf(dataDir, databaseUrl)) - before) / CALLS;
    lines.push(
      line(`${engine}, ${together} at a time: bytes a call`, bytes, 'B', `<= ${MOST_BYTES}`, bytes <= MOST_BYTES),
    );
    if (together === 16) {
      const reader = openLog(store.audit.source());
      const proofs = { sealer: () => sealer(key), keys: new Map([['audit-1', createPublicKey(pair.privateKey)]]) };
      const speeds: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        const cpu = process.cpuUsage();
        const verdict = await verifyLog(reader, proofs, { checkpoints: [], onProgress: () => undefined });
        const { user, system } = process.cpuUsage(cpu);
        if (verdict.fault !== undefined) throw new Error(verdict.fault.why);
        speeds.push((verdict.rows / (user + system)) * 1_000_000);
      }
      const best = Math.max(...speeds);
      const goal = engine === 'SQLite' ? `>= ${FEWEST_ROWS_A_SECOND}` : undefined;
      lines.push(
        line(
          `${engine}: rows verified in a second of one core`,
          best,
          'rows',
          goal,
          goal === undefined || best >= FEWEST_ROWS_A_SECOND,
        ),
      );
      await reader.close();
    }
    await audit.close();
    await store.close();
    rmSync(dataDir, { recursive: true });
  }
  return lines;
}

/** What the two commits of a call take, with seals and checkpoints and without, in turns. */
async function cost(): Promise<Line[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-audit-'));
  const store = await openStore({ dataDir, log, clock: systemClock });
  const unsealed: AuditKeys = { ...keys, seal: () => key.subarray(0, 16), digest: (_workspace, sha256) => sha256 };
  const places = createCheckpointPlaces({ places: [], clock: systemClock, log });
  const checkpoints = {
    signer: () => Promise.resolve({ kid: 'audit-1', key: pair.privateKey }),
    places,
    isAlone: true,
  };
  const common = { store, clock: systemClock, log };
  const audits = {
    proved: createAudit({ ...common, writerId: 'proved', keys, checkpoints }),
    plain: createAudit({ ...common, writerId: 'plain', keys: unsealed }),
  };
  const times: Record<keyof typeof audits, number[]> = { proved: [], plain: [] };
  const sessions = sessionsOf(10);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const which of round % 2 === 0 ? (['proved', 'plain'] as const) : (['plain', 'proved'] as const)) {
      for (let call = 0; call < CALLS_A_ROUND; call += 1) {
        const { intent, outcome } = callOf(call, sessions);
        const startedAt = performance.now();
        await audits[which].endCall(await audits[which].beginCall(intent), intent, outcome);
        if (round > 1) times[which].push((performance.now() - startedAt) * 1_000);
      }
    }
  }
  for (const audit of Object.values(audits)) await audit.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
  const [proved, plain] = [quantile(times.proved, 0.5), quantile(times.plain, 0.5)];
  const call = quantile(await callTimes(), 0.5) * 1_000;
  const part = (proved - plain) / (call - (proved - plain));
  const most = `<= ${MOST_OF_A_CALL * 100} %`;
  return [
    line('SQLite: the record of a call (intent and outcome), p50', proved, 'µs'),
    line('of that for seals, keyed digests and checkpoints', proved - plain, 'µs'),
    line('a call through mcpgate serve, p50', call, 'µs'),
    line('what proves its record adds to it', part * 100, '%', most, part <= MOST_OF_A_CALL),
  ];
}

/** Calls of a small tool from an AI client to a server and back, in ms each. */
async function callTimes(): Promise<number[]> {
  const env = { PATH: process.env['PATH'] };
  const upstream = startCommand([process.execPath, join(import.meta.dirname, '..', 'minimal', 'upstream.ts')], { env });
  const [, port = ''] = await upstream.line(/port (\d+)/);
  const world = await openWorld({ direct: true, servers: { bench: { url: `http://127.0.0.1:${port}/mcp` } } });
  try {
    const ada = await world.member('ada', { env: { MCPGATE_LOG: 'warn' } });
    const client = openStdioClient([process.execPath, GATE, 'serve'], ada.env);
    await shakeHands(client);
    const times: number[] = [];
    for (let call = 0; call < ROUNDS * CALLS_A_ROUND; call += 1) {
      const startedAt = performance.now();
      await client.request('tools/call', { name: 'bench__echo', arguments: { text: 'x'.repeat(200) } });
      if (call >= CALLS_A_ROUND) times.push(performance.now() - startedAt);
    }
    await client.close();
    return times;
  } finally {
    await world.close();
    await upstream.stop();
  }
}

const postgres = await startPostgres();
const lines = [
  ...(await cost()),
  ...(await measure('SQLite', () => Promise.resolve(undefined))),
  ...(await measure('PostgreSQL', () => postgres.createDatabase())),
];
await postgres.stop();
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(lines, null, 2)}\n`);
else
  for (const { what, value, unit, goal, ok } of lines)
    process.stdout.write(`${ok ? '✓' : '✗'} ${what}: ${value} ${unit}${goal === undefined ? '' : ` (${goal})`}\n`);
if (lines.some(({ ok }) => !ok)) process.exitCode = 1;
