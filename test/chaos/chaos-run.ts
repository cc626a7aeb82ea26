// One run: a world, two AI clients that call all the while, faults by the schedule, and the comparison of the logs at the end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { openWorld } from '../world.ts';
import { startCommand } from '../world/command.ts';
import { GATE } from '../world/people/person.ts';
import { readAuditLog } from './audit-log.ts';
import { startChaosClient, type ChaosClient } from './chaos-client.ts';
import { compareLogs, type Verdict } from './checker.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { runFaults } from './faults.ts';
import type { Executed } from './ledger.ts';
import { runLoad } from './load.ts';
import { createRandom } from './random.ts';
import { storyText } from './report.ts';
import { planFaults, type FaultKind } from './schedule.ts';

export interface ChaosResult extends Verdict {
  seed: number;
  seconds: number;
  /** How often each kind of fault was done. */
  faults: Partial<Record<FaultKind, number>>;
  progress: number;
  /** Processes that did not do as they must. */
  wrong: readonly string[];
  /** What the processes said: for the report of a difference. */
  logs: string;
}

export interface ChaosProgress {
  calls: number;
  pending: number;
  faults: number;
}

const CLIENTS = ['one', 'two'] as const;
/** What a call may wait for once everything works again: `serve` holds calls for 30 s. */
const SETTLE_MS = 45_000;

/** What is shown of the time around what went wrong first. */
const BEFORE_MS = 6_000;
const AFTER_MS = 1_000;

/** Does not keep the process once the race is over. */
const atMost = (ms: number) => sleep(ms, undefined, { ref: false });

const executedSchema = z.object({ token: z.string(), at: z.number() });

function readExecuted(file: string): Executed[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => executedSchema.parse(JSON.parse(line)));
}

export async function runChaos(options: {
  seed: number;
  seconds: number;
  onProgress?: (progress: ChaosProgress) => void;
}): Promise<ChaosResult> {
  const { seed, seconds, onProgress = () => undefined } = options;
  const proxy = await startFaultProxy();
  const world = await openWorld({ direct: true, brokerArgs: ['--public-url', proxy.url] });
  proxy.target = world.broker.listenUrl;
  const executedFile = join(world.root, 'executed.jsonl');
  const upstreamCommand = [process.execPath, join(import.meta.dirname, 'upstream.ts'), executedFile] as const;
  const upstream = startCommand(upstreamCommand, { env: { PATH: process.env['PATH'] }, cwd: world.root });
  const clients: ChaosClient[] = [];
  try {
    const [, port = ''] = await upstream.line(/^port (\d+)/);
    await world.importServers({ chaos: { url: `http://127.0.0.1:${port}/mcp` } });
    const ada = await world.person('ada');
    await ada.login(proxy.url, (code) => world.broker.run(['login', 'approve', code, '--as', ada.name]));
    const command = [process.execPath, GATE, 'serve'] as const;
    for (const name of CLIENTS) clients.push(await startChaosClient({ name, command, env: ada.env, cwd: ada.home }));
    await Promise.all(clients.map((client, i) => client.call({ tool: 'quick', token: `first-${i}` })));

    const random = createRandom(seed + 1);
    const endAt = performance.now() + seconds * 1_000;
    let faultsOver = false;
    const isOver = () => faultsOver && performance.now() >= endAt;
    const load = clients.map((client, i) => runLoad(client, CLIENTS[i] ?? '', random, isOver));
    const sum = (of: (client: ChaosClient) => number) => clients.reduce((total, client) => total + of(client), 0);
    const answered = () => sum(({ ok }) => ok);
    const targets = { proxy, broker: world.broker, root: world.root, answered };
    const faults = await runFaults(planFaults(seed, seconds), targets, (log) =>
      onProgress({
        calls: sum(({ asked }) => asked.length),
        pending: sum(({ pending }) => pending),
        faults: [...log.done.values()].reduce((total, count) => total + count, 0),
      }),
    );
    faultsOver = true;
    // What is not answered by then is lost; the checker says which.
    await Promise.race([Promise.all(load), atMost(Math.max(0, endAt - performance.now()) + SETTLE_MS)]);
    // Channels keep the order: behind these answers nothing of what came before can be still on its way.
    const last = clients.map((client, i) => client.call({ tool: 'quick', token: `last-${i}` }));
    await Promise.race([Promise.all(last), atMost(SETTLE_MS)]);
    const verdict = compareLogs({
      asked: clients.flatMap(({ asked }) => asked),
      received: clients.flatMap(({ received }) => received),
      executed: readExecuted(executedFile),
      audited: await readAuditLog(world.broker),
      ends: faults.ends,
    });
    const proof = await world.broker.cli(['audit', 'verify']);
    const ended = await Promise.all(clients.map((client) => client.close()));
    const orphans = ended.flatMap((how, i) =>
      how === 0 ? [] : [`serve ${CLIENTS[i]} ended with ${how} at the end of its stdin`],
    );
    const { between } = verdict.differences[0] ?? faults.wrong[0] ?? {};
    const around = between === undefined ? undefined : ([between[0] - BEFORE_MS, between[1] + AFTER_MS] as const);
    const logs = [
      ...clients.map((client, i) => `── serve ${CLIENTS[i]}\n${client.stderr()}`),
      world.logs(around),
      ...(around === undefined ? [] : [`── faults\n${storyText(faults.story, around)}`]),
    ].join('\n');
    return {
      seed,
      seconds,
      ...verdict,
      faults: Object.fromEntries(faults.done),
      progress: sum(({ progress }) => progress),
      wrong: [
        ...faults.wrong.map(({ what }) => what),
        ...orphans,
        ...(proof.code === 0 ? [] : [`the audit log is not whole: ${proof.stdout}${proof.stderr}`]),
      ],
      logs,
    };
  } finally {
    await Promise.allSettled(clients.map((client) => client.close()));
    await upstream.stop();
    await world.close();
    await proxy.close();
  }
}
