// `npm run bench:smoke`: three ratios, measured interleaved in one run, because machines drift and only ratios of one run count.
// `--json` prints one JSON document. Exits 1 where a goal is missed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { openWorld } from '../world.ts';
import { startCommand } from '../world/command.ts';
import { GATE } from '../world/people/person.ts';
import { residentBytes } from '../world/process-table.ts';
import { openHttpClient, openStdioClient, shakeHands, type LoadClient } from './load-client.ts';
import { quantile } from './quantile.ts';

const ROUNDS = 12;
const CALLS_A_ROUND = 150;
const STARTS = 24;
const TEXT = 'x'.repeat(200);

interface Measured {
  what: string;
  ours: number;
  against: number;
  unit: string;
  ratio: number;
  goal: number;
  ok: boolean;
}

const minimal = (name: string) => join(import.meta.dirname, 'minimal', `${name}.ts`);
const node = process.execPath;
const env = { PATH: process.env['PATH'] };

async function timeCalls(client: LoadClient, tool: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const startedAt = performance.now();
    const answer = await client.request('tools/call', { name: tool, arguments: { text: TEXT } });
    times.push(performance.now() - startedAt);
    if (!answer.includes(TEXT)) throw new Error(`${tool} answered ${answer.slice(0, 200)}`);
  }
  return times;
}

function bareNode(code: string) {
  return spawn(node, ['-e', code], { env, stdio: 'ignore' });
}

async function timeBareNode(): Promise<number> {
  const startedAt = performance.now();
  const child = bareNode('0');
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - startedAt;
}

async function timeServe(serveEnv: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const client = openStdioClient([node, GATE, 'serve'], serveEnv);
  await shakeHands(client);
  const time = performance.now() - startedAt;
  await client.close();
  return time;
}

function row(what: string, ours: number, against: number, unit: string, goal: number): Measured {
  const ratio = ours / against;
  return { what, ours, against, unit, ratio, goal, ok: ratio <= goal };
}

async function measure(): Promise<Measured[]> {
  const upstream = startCommand([node, minimal('upstream')], { env });
  const [, upstreamPort = ''] = await upstream.line(/port (\d+)/);
  const url = `http://127.0.0.1:${upstreamPort}/mcp`;
  const world = await openWorld({ direct: true, servers: { bench: { url } } });
  const minimalBroker = startCommand([node, minimal('broker'), url], { env });
  const [, brokerPort = ''] = await minimalBroker.line(/port (\d+)/);
  const socket = join(world.root, 'minimal.sock');
  const minimalDaemon = startCommand([node, minimal('daemon'), socket, `ws://127.0.0.1:${brokerPort}`], { env });
  await minimalDaemon.line(/ready/);
  const ada = await world.member('ada', { env: { MCPGATE_LOG: 'warn' } });
  const open = {
    direct: { client: openHttpClient(url), tool: 'echo', times: [] as number[] },
    minimal: { client: openStdioClient([node, minimal('shim'), socket], env), tool: 'echo', times: [] as number[] },
    ours: { client: openStdioClient([node, GATE, 'serve'], ada.env), tool: 'bench__echo', times: [] as number[] },
  };
  try {
    for (const { client } of Object.values(open)) await shakeHands(client);
    for (const { client, tool } of Object.values(open)) await timeCalls(client, tool, CALLS_A_ROUND * 2); // warm
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const one of Object.values(open)) one.times.push(...(await timeCalls(one.client, one.tool, CALLS_A_ROUND)));
    }
    const starts = { bare: [] as number[], serve: [] as number[] };
    for (let i = 0; i < STARTS; i += 1) {
      starts.bare.push(await timeBareNode());
      starts.serve.push(await timeServe(ada.env));
    }
    const bare = bareNode('setInterval(() => 0, 1e9)');
    const fresh = openStdioClient([node, GATE, 'serve'], ada.env);
    await shakeHands(fresh);
    await fresh.request('tools/list', {});
    const memory = { bare: residentBytes(bare.pid ?? -1) / 1e6, serve: residentBytes(fresh.pid ?? -1) / 1e6 };
    bare.kill();
    await fresh.close();
    const [direct, floor, ours] = [open.direct, open.minimal, open.ours].map(({ times }) => quantile(times, 0.5));
    const [d = 0, m = 0, o = 0] = [direct, floor, ours];
    return [
      row('serve ready, daemon warm ÷ node -e 0', quantile(starts.serve, 0.5), quantile(starts.bare, 0.5), 'ms', 1.5),
      row('(p50 − direct) ÷ (minimal chain − direct)', o - d, m - d, 'ms', 2),
      row('RSS of serve ÷ bare Node', memory.serve, memory.bare, 'MB', 1.2),
    ];
  } finally {
    await Promise.allSettled(Object.values(open).map(({ client }) => client.close()));
    await Promise.allSettled([minimalDaemon, minimalBroker, upstream].map((process) => process.stop()));
    await world.close();
  }
}

const measured = await measure();
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
else {
  process.stdout.write(
    `${'measured'.padEnd(44)} ${'ours'.padStart(10)} ${'against'.padStart(10)} ${'ratio'.padStart(7)} ${'goal'.padStart(7)}\n`,
  );
  for (const { what, ours, against, unit, ratio, goal, ok } of measured) {
    const amount = (value: number) => `${value.toFixed(2)} ${unit}`.padStart(10);
    process.stdout.write(
      `${what.padEnd(44)} ${amount(ours)} ${amount(against)} ${ratio.toFixed(2).padStart(7)} ${`≤ ${goal}`.padStart(7)} ${ok ? '✓' : '✗'}\n`,
    );
  }
}
process.exitCode = measured.every(({ ok }) => ok) ? 0 : 1;
