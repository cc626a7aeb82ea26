// `npm run bench:rotation`: 20 credentials are rotated under 200 calls a second over 8 servers, four on stdio and four over HTTP; then the same over two
// brokers on PostgreSQL. No call may fail, and none may arrive at the service with an old credential once the command has returned. `--json` prints one
// document; `--sqlite` or `--postgres` does one of the two. Exits 1 where a goal is missed.
import { startPostgres } from '../postgres.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { openRotatingWorld, rotateInTurn, startLoad, wrongCalls } from '../world/rotations.ts';
import { quantile } from './quantile.ts';

const CALLS_A_SECOND = 200;
const ROTATIONS = 20;
const EACH = 4;
/** Calls between two rotations: half a second of them. */
const BETWEEN = 100;

interface Figures {
  brokers: number;
  database: 'sqlite' | 'postgres';
  calls: number;
  calls_a_second: number;
  rotations: number;
  verified: number;
  failed: string[];
  old_after_told: number;
  refused: number;
  twice: number;
  rotation_ms: { p50: number; max: number };
  call_ms: { p50: number; p99: number; max: number };
}

async function measure(databaseUrl?: string): Promise<Figures> {
  const rotating = await openRotatingWorld({ each: EACH, ...(databaseUrl !== undefined && { databaseUrl }) });
  const closers: (() => Promise<unknown>)[] = [() => rotating.close()];
  try {
    const { world, service } = rotating;
    const brokers = [world.broker];
    if (databaseUrl !== undefined)
      brokers.push(await startSecondBroker({ after: (close) => closers.push(close) }, world, databaseUrl));
    const load = await startLoad(
      rotating,
      brokers.map(({ listenUrl }) => listenUrl),
      CALLS_A_SECOND,
    );
    await load.answered(CALLS_A_SECOND);
    const told = await rotateInTurn(rotating, brokers, ROTATIONS, () => load.answered(BETWEEN));
    const { calls, seconds, failures, latenciesMs } = await load.stop();
    const { late, refused, twice } = wrongCalls(service, told);
    const took = told.map(({ tookMs }) => tookMs);
    return {
      brokers: brokers.length,
      database: databaseUrl === undefined ? 'sqlite' : 'postgres',
      calls,
      calls_a_second: Math.round(calls / seconds),
      rotations: told.length,
      verified: told.filter(({ verified }) => verified === true).length,
      failed: failures,
      old_after_told: late.length,
      refused: refused.length,
      twice: twice.length,
      rotation_ms: { p50: Math.round(quantile(took, 0.5)), max: Math.round(Math.max(...took)) },
      call_ms: {
        p50: Math.round(quantile(latenciesMs, 0.5)),
        p99: Math.round(quantile(latenciesMs, 0.99)),
        max: Math.round(Math.max(...latenciesMs)),
      },
    };
  } catch (error) {
    process.stderr.write(`${rotating.world.logs()}\n`);
    throw error;
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

const only = process.argv.find((word) => word === '--sqlite' || word === '--postgres');
const measured: Figures[] = [];
if (only !== '--postgres') measured.push(await measure());
if (only !== '--sqlite') {
  const postgres = await startPostgres();
  try {
    measured.push(await measure(await postgres.createDatabase()));
  } finally {
    await postgres.stop();
  }
}
const isGood = (each: Figures) =>
  each.failed.length + each.old_after_told + each.refused + each.twice === 0 && each.verified === ROTATIONS;
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
else
  for (const each of measured) {
    const { rotation_ms: rotation, call_ms: call } = each;
    const lines = [
      `${each.brokers} broker${each.brokers === 1 ? '' : 's'} on ${each.database}: ${each.calls} calls over ${EACH * 2} servers, ${each.calls_a_second} a second`,
      `  rotations           ${each.rotations}, ${each.verified} verified; ${rotation.p50} ms (median), ${rotation.max} ms (most)`,
      `  failed calls        ${each.failed.length}${each.failed
        .slice(0, 5)
        .map((line) => `\n    ${line}`)
        .join('')}`,
      `  old after told      ${each.old_after_told}`,
      `  refused, twice      ${each.refused}, ${each.twice}`,
      `  a call took         ${call.p50} ms (median), ${call.p99} ms (p99), ${call.max} ms (most)  ${isGood(each) ? '✓' : '✗'}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
process.exitCode = measured.every(isGood) ? 0 : 1;
