// All attacks at once against a broker with a small heap, while one honest client calls.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quantile } from '../bench/quantile.ts';
import { openWorld } from '../world.ts';
import { startCommand } from '../world/command.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { openSession } from './attacks.ts';
import type { Attack, Answers } from './attackers.ts';
import { watchLiveMemory } from './live-memory.ts';

const run = promisify(execFile);
const MB = 1_000_000;
const IDLE_CALLS = 200;
export interface AttackReport {
  /** Milliseconds. */
  idle: { p50: number; p99: number };
  attacked: { p50: number; p99: number; max: number };
  calls: number;
  /** Of the honest client. */
  failed: number;
  answers: Answers;
  /** What the process held at most, and what was in use before and afterwards. */
  megabytes: { most: number; live: { before: number; after: number } };
  /** Of the audit log. */
  rows: number;
  isAlive: boolean;
}

const residentMb = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024) / MB;

/** In a process of its own. */
async function runAttackers(attack: Attack): Promise<Answers> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'attackers.ts')], {
    env: { ...process.env, ATTACK: JSON.stringify(attack) },
  });
  return JSON.parse(stdout) as Answers;
}

export async function runAttack({ size, givesWay }: Pick<Attack, 'size' | 'givesWay'>): Promise<AttackReport> {
  const upstream = startCommand([process.execPath, join(import.meta.dirname, '../bench/minimal/upstream.ts')], {
    env: {},
  });
  const [, port = ''] = await upstream.line(/port (\d+)/);
  const memory = await watchLiveMemory();
  const world = await openWorld({
    direct: true,
    brokerEnv: { NODE_OPTIONS: `--max-old-space-size=256 ${memory.nodeOption}` },
    servers: { small: { url: `http://127.0.0.1:${port}/mcp` } },
  });
  try {
    const { url, broker } = world;
    const liveMb = async () => (await memory.read(broker.pid)) / MB;
    for (const name of ['ada', 'eve', 'lena']) await broker.run(['user', 'add', name]);
    const grantOf = async (label: string) =>
      ((await broker.json(['grant', 'issue', '--label', label, '--user', label, '--server', 'small'])) as IssuedGrant)
        .token;
    const tokens = { ada: await grantOf('ada'), eve: await grantOf('eve'), lena: await grantOf('lena') };

    const honest = await openSession(url, tokens.ada, new Agent({ keepAlive: true }));
    let failed = 0;
    const timeCall = async (): Promise<number> => {
      const startedAt = performance.now();
      const { status, text } = await honest('tools/call', { name: 'small__echo', arguments: { text: 'hello' } });
      if (status !== 200 || !text.includes('hello')) failed += 1;
      return performance.now() - startedAt;
    };
    for (let call = 0; call < IDLE_CALLS; call++) await timeCall();
    const idle: number[] = [];
    for (let call = 0; call < IDLE_CALLS; call++) idle.push(await timeCall());
    const live = await liveMb();

    let isOver = false;
    let most = residentMb(broker.pid);
    const times: number[] = [];
    const calling = (async () => {
      while (!isOver) {
        times.push(await timeCall());
        most = Math.max(most, residentMb(broker.pid));
        await new Promise((resolve) => setTimeout(resolve, 5)); // a client thinks between its calls
      }
    })();
    const answers = await runAttackers({ url, tokens, size, givesWay });
    isOver = true;
    await calling;

    for (let call = 0; call < IDLE_CALLS; call++) await timeCall();
    const left = await liveMb();
    const events = (await broker.json(['audit', 'search', '--events', '--limit', '10000'])) as unknown[];
    const isAlive = (await fetch(`${url}/readyz`)).status === 200;
    const of = (values: readonly number[]) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
    return {
      idle: of(idle),
      attacked: { ...of(times), max: Math.max(...times) },
      calls: times.length,
      failed,
      answers,
      megabytes: { most, live: { before: live, after: left } },
      rows: events.length,
      isAlive,
    };
  } finally {
    await world.close();
    await upstream.stop();
    await memory.close();
  }
}
