// What servers may use up, on real processes that use up more.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GateError } from 'mcpgate-shared/error';
import { pino } from 'pino';
import { until } from '../../../../test/world/until.ts';
import type { OwnLimits } from '../../domain/bounds/resource-limits.ts';
import type { UpstreamsOptions } from '../upstreams-options.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../fixtures/pool.ts';
import type { UpstreamSession } from '../upstream.ts';

const GREEDY = fileURLToPath(new URL('../fixtures/greedy-server.mjs', import.meta.url));
const MIB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

const greedy = (limits: OwnLimits) =>
  serverRecord('greedy', { kind: 'stdio', command: process.execPath, args: [GREEDY], env: {}, limits });

async function start(limits: OwnLimits, options: Partial<UpstreamsOptions> = {}) {
  const record = greedy(limits);
  pool = await startPool([record, serverRecord('other', fixtureServer())], { watchMemoryEveryMs: 50, ...options });
  await pool.upstreams.reload();
  return { record, session: await pool.upstreams.acquire(record, requester('ada')) };
}

async function textOf(session: UpstreamSession, name: string, args: unknown = {}): Promise<string> {
  const paramsText = JSON.stringify({ name, arguments: args });
  const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
  return (JSON.parse(reply.text) as { content: { text: string }[] }).content[0]?.text ?? '';
}

const failsWith = (call: Promise<unknown>, expected: RegExp) =>
  assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof GateError);
    assert.equal(error.code, 'unknown_outcome');
    assert.match(error.message, expected);
    return true;
  });

describe('a server that runs into a limit', () => {
  it('of memory is ended, which its call says; it is there for the next one, and another server was not harmed', async () => {
    const { session } = await start({ memoryBytes: 300 * MIB });
    const other = pool.records[1];
    assert.ok(other !== undefined);
    const unharmed = await pool.upstreams.acquire(other, requester('ada'));
    const { title } = JSON.parse(await textOf(unharmed, 'env')) as { title: string };
    await failsWith(
      textOf(session, 'memory', { mib: 480 }),
      /^server greedy was ended: it took \d+ MiB of memory, and its limit is 300 MiB \(memory\); it is started again/,
    );
    const after = pool.upstreams.status('default').find(({ name }) => name === 'greedy');
    assert.match(after?.error ?? '', /its limit is 300 MiB/);
    assert.equal(await textOf(session, 'say', { text: 'back' }), 'back');
    assert.equal((JSON.parse(await textOf(unharmed, 'env')) as { title: string }).title, title);
  });

  it('of memory counts what its other processes take, also those that left its session', async () => {
    const { session } = await start({ memoryBytes: 300 * MIB });
    await failsWith(textOf(session, 'memory', { mib: 480, apart: true }), /its limit is 300 MiB \(memory\)/);
  });

  it('of memory again and again is tried ever later', async () => {
    const { record, session } = await start({ memoryBytes: 300 * MIB });
    await failsWith(textOf(session, 'memory', { mib: 480 }), /its limit is 300 MiB/);
    await failsWith(textOf(session, 'memory', { mib: 480 }), /its limit is 300 MiB/);
    await failsWith(textOf(session, 'memory', { mib: 480 }), /its limit is 300 MiB/);
    assert.equal(pool.upstreams.status('default').find(({ name }) => name === record.name)?.circuit, 'open');
  });

  it('of open files says which in its call, where it ends of it', async () => {
    const { session } = await start({ openFiles: 64 });
    await failsWith(textOf(session, 'files'), /server greedy ended \(exit code 1; .* its limit of 64 open files/);
  });

  it('of CPU time says so in its call', async () => {
    const { session } = await start({ cpuSeconds: 1 });
    await failsWith(textOf(session, 'cpu'), /server greedy ended \(SIGXCPU: it used up its limit of 1 s of CPU/);
  });

  it('of processes says so in its call, where it has a user of its own', { timeout: 60_000 }, async () => {
    const { session } = await start({ processes: 40 });
    const limits = await textOf(session, 'limits');
    assert.match(limits, isRoot ? /Max processes +40 +40 / : /Max processes/);
    if (isRoot) await failsWith(textOf(session, 'processes'), /server greedy ended \(.* its limit of 40 processes/);
  });
});

describe('the limits of a server', () => {
  it('are those of the broker where its record does not say otherwise; a core dump is never made', async () => {
    const { session } = await start(
      { openFiles: 100 },
      { resourceLimits: { memoryBytes: null, openFiles: 200, processes: 300, cpuSeconds: 400 } },
    );
    const kept = { memoryBytes: null, openFiles: 100, processes: isRoot ? 300 : null, cpuSeconds: 400 };
    assert.deepEqual(pool.upstreams.status('default').find(({ name }) => name === 'greedy')?.limits, kept);
    const limits = await textOf(session, 'limits');
    assert.match(limits, /Max open files +100 +100 /);
    assert.match(limits, /Max cpu time +400 +401 /);
    assert.match(limits, /Max core file size +0 +0 /);
    assert.match(limits, /\n500\n$/, 'the kernel ends it before the broker');
  });

  it('are shown by `server test`', async () => {
    const { record } = await start({ memoryBytes: 512 * MIB, openFiles: 100, processes: null });
    const { steps } = await pool.upstreams.test(record);
    assert.match(
      steps.find(({ step }) => step === 'start')?.detail ?? '',
      /, at most 512 MiB of memory, 100 open files$/,
    );
  });

  it('that cannot be set here are said once in the log, and by `server test`', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const { record } = await start({ openFiles: 100 }, { log, toolPath: '/nowhere' });
    const { steps } = await pool.upstreams.test(record);
    const missing = /cannot be set: `prlimit` was not found \(install util-linux\)$/;
    assert.match(steps.find(({ step }) => step === 'start')?.detail ?? '', missing);
    const [greedyStatus] = pool.upstreams.status('default');
    assert.equal(greedyStatus?.limits?.openFiles, null);
    assert.match(greedyStatus.limitsMissing ?? '', /prlimit/);
    await until('both servers run', () => pool.upstreams.status('default').every(({ state }) => state === 'ready'));
    assert.equal(lines.filter((line) => line.includes('without limits on files')).length, 1);
  });
});
