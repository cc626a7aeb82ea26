// All attacks at once against a broker with a small heap, while one honest client calls.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { quantile } from '../bench/quantile.ts';
import { openWorld } from '../world.ts';
import { startCommand } from '../world/command.ts';
import type { IssuedGrant } from '../world/issued-grant.ts';
import { badTokens, openSession, registrations, sendBody, wrongPasswords } from './attacks.ts';

const MB = 1_000_000;
const IDLE_CALLS = 200;

export interface AttackReport {
  /** Milliseconds. */
  idle: { p50: number; p99: number };
  attacked: { p50: number; p99: number; max: number };
  calls: number;
  /** Of the honest client. */
  failed: number;
  answers: Record<string, Record<number, number>>;
  megabytes: { before: number; most: number; after: number };
  /** Of the audit log. */
  rows: number;
  isAlive: boolean;
}

export interface AttackSize {
  badTokens: number;
  registrations: number;
  passwords: number;
  deniedCalls: number;
  bodies: number;
  bodyMegabytes: number;
}

const residentMb = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024) / MB;

const count = (statuses: readonly number[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

export async function runAttack(size: AttackSize): Promise<AttackReport> {
  const upstream = startCommand([process.execPath, join(import.meta.dirname, '../bench/minimal/upstream.ts')], {
    env: {},
  });
  const [, port = ''] = await upstream.line(/port (\d+)/);
  const world = await openWorld({
    direct: true,
    brokerEnv: { NODE_OPTIONS: '--max-old-space-size=256' },
    servers: { small: { url: `http://127.0.0.1:${port}/mcp` } },
  });
  try {
    const { url, broker } = world;
    for (const name of ['ada', 'eve']) await broker.run(['user', 'add', name]);
    const grantOf = async (label: string) =>
      ((await broker.json(['grant', 'issue', '--label', label, '--user', label, '--server', 'small'])) as IssuedGrant)
        .token;
    const tokens = { ada: await grantOf('ada'), eve: await grantOf('eve') };

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
    const before = residentMb(broker.pid);

    let isOver = false;
    let most = before;
    const times: number[] = [];
    const calling = (async () => {
      while (!isOver) {
        times.push(await timeCall());
        most = Math.max(most, residentMb(broker.pid));
        await new Promise((resolve) => setTimeout(resolve, 5)); // a client thinks between its calls
      }
    })();
    const bodies = async (token?: string) => {
      const asked = { path: '/mcp', megabytes: size.bodyMegabytes, ...(token !== undefined && { token }) };
      const all = await Promise.all(Array.from({ length: size.bodies }, () => sendBody(url, asked)));
      return count(all.map(({ status }) => status));
    };
    const eve = await openSession(url, tokens.eve, new Agent({ keepAlive: true, maxSockets: 8 }));
    const denied = async () => {
      const uri = `file:///${'x'.repeat(1024 * 1024)}`;
      const statuses: number[] = [];
      for (let call = 0; call < size.deniedCalls; call++)
        statuses.push((await eve('resources/read', { uri: `${uri}${call}` })).status);
      return count(statuses);
    };
    const large = async () => {
      const text = 'x'.repeat(60 * MB);
      return count([(await eve('tools/call', { name: 'small__echo', arguments: { text } })).status]);
    };
    const attacks = {
      'bodies without a token': bodies(),
      'bodies with a bad token': bodies('x'.repeat(43)),
      'bodies with a good token': bodies(tokens.eve),
      'a message of 60 MB': large(),
      'denied calls with URIs of 1 MiB': denied(),
      'bad tokens': badTokens(url, size.badTokens),
      registrations: registrations(url, size.registrations),
      'wrong passwords': wrongPasswords(url, ['ada', 'eve', 'nobody'], size.passwords),
    };
    const answers: AttackReport['answers'] = {};
    await Promise.all(
      Object.entries(attacks).map(async ([name, attack]) => {
        answers[name] = await attack;
      }),
    );
    isOver = true;
    await calling;

    // Memory comes back as the collector finds the time: a few quiet calls.
    for (let call = 0; call < IDLE_CALLS; call++) await timeCall();
    const after = residentMb(broker.pid);
    const events = (await broker.json(['audit', 'search', '--events', '--limit', '10000'])) as unknown[];
    const isAlive = (await fetch(`${url}/readyz`)).status === 200;
    const of = (values: readonly number[]) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
    return {
      idle: of(idle),
      attacked: { ...of(times), max: Math.max(...times) },
      calls: times.length,
      failed,
      answers,
      megabytes: { before, most, after },
      rows: events.length,
      isAlive,
    };
  } finally {
    await world.close();
    await upstream.stop();
  }
}
