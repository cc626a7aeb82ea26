// Does what the schedule says to the real processes. The faults of a lane wait for each other; lanes overlap.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../world/broker.ts';
import { processesOf } from '../world/process-table.ts';
import type { FaultProxy } from './fault-proxy.ts';
import type { BrokerEnd } from './ledger.ts';
import { LANES, type Fault, type FaultKind, type Lane } from './schedule.ts';

export interface FaultLog {
  /** How often each kind was done. */
  readonly done: ReadonlyMap<FaultKind, number>;
  readonly ends: readonly BrokerEnd[];
  /** Every fault, as it was done. */
  readonly story: readonly DoneFault[];
  /** What went otherwise than it must: a drain that did not end by itself, or not with exit code 0. */
  readonly wrong: readonly Wrong[];
}

export interface Wrong {
  what: string;
  /** Milliseconds since the epoch. */
  between: readonly [number, number];
}

export interface DoneFault extends Fault {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
}

/** A process that was restarted is left alone until so many calls came through, or so long. */
const RECOVERY_MAX_MS = 20_000;
/** The broker's own limit. No call of a run takes nearly as long: a drain that does is never going to end by itself. */
const DRAIN_LIMIT_MS = 30_000;
/** With the rest of its end. */
const DRAIN_MAX_MS = DRAIN_LIMIT_MS + 10_000;
/** A broker that is killed has up to ten calls under way, and these are to be few among all. */
const RECOVERED_CALLS: Record<Lane, number> = { network: 0, daemon: 20, broker: 120 };
const DIRECTIONS = [['up'], ['down'], ['up', 'down']] as const;
const pick = <T>(items: readonly [T, ...T[]], strength: number): T =>
  items[Math.floor(strength * items.length)] ?? items[0];

/** Between the two, by the strength. */
const between = (low: number, high: number, strength: number) => Math.round(low + (high - low) * strength);

export interface FaultTargets {
  proxy: FaultProxy;
  broker: Broker;
  /** The world's folder: its daemon is found by it. */
  root: string;
  /** How many calls have succeeded so far. */
  answered: () => number;
}

/** The daemon's process; there is none for a moment after it was killed. */
function daemonPid(root: string): number | undefined {
  return processesOf(root).find(({ commandLine }) => commandLine.endsWith('daemon run'))?.pid;
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Runs all of `faults`; resolves when the last is over and the broker runs. What never works cannot be broken: a process that was restarted
 * is left alone until calls come through, and for as long as one lane waits for that, the schedule of all lanes stands still.
 */
export async function runFaults(
  faults: readonly Fault[],
  { proxy, broker, root, answered }: FaultTargets,
  onDone: (log: FaultLog) => void = () => undefined,
): Promise<FaultLog> {
  const startedAt = performance.now();
  const done = new Map<FaultKind, number>();
  const ends: BrokerEnd[] = [];
  const wrong: Wrong[] = [];
  const story: DoneFault[] = [];
  const log: FaultLog = { done, ends, story, wrong };
  /** When each lane was last through. */
  const answeredBefore: Record<Lane, number> = { network: 0, daemon: 0, broker: 0 };
  let behindMs = 0;

  const due = async (atMs: number) => {
    const leftMs = () => startedAt + behindMs + atMs - performance.now();
    for (let left = leftMs(); left > 0; left = leftMs()) await sleep(left);
  };
  const recovered = async (lane: Lane) => {
    const until = performance.now() + RECOVERY_MAX_MS;
    const enough = answeredBefore[lane] + RECOVERED_CALLS[lane];
    while (answered() < enough && performance.now() < until) await sleep(20);
  };

  /** The daemon that runs, or the next one. */
  const someDaemon = async (): Promise<number> => {
    for (;;) {
      const pid = daemonPid(root);
      if (pid !== undefined) return pid;
      await sleep(50);
    }
  };

  const carryOut = async ({ kind, lastsMs, strength }: Fault): Promise<void> => {
    switch (kind) {
      case 'cut':
        return proxy.cut();
      case 'half-open': {
        const hole = proxy.swallow(pick<readonly ('up' | 'down')[]>(DIRECTIONS, strength));
        await sleep(lastsMs);
        return hole.reset();
      }
      case 'stall':
        return proxy.stall(lastsMs);
      case 'throttle':
        return proxy.throttle(between(200_000, 2_000_000, strength), lastsMs);
      case 'delay':
        return proxy.delay(between(2, 60, strength), lastsMs);
      case 'shred':
        return proxy.shred(between(20, 1_000, strength), lastsMs);
      case 'daemon-kill':
        return void signal(await someDaemon(), 'SIGKILL');
      case 'daemon-sleep': {
        const pid = await someDaemon();
        signal(pid, 'SIGSTOP');
        await sleep(lastsMs);
        return void signal(pid, 'SIGCONT');
      }
      case 'broker-drain': {
        const at = Date.now();
        ends.push({ at, signal: 'SIGTERM' });
        const how = await broker.stop('SIGTERM', DRAIN_MAX_MS);
        if (how === 'SIGKILL') ends.push({ at: Date.now(), signal: how });
        const between = [at, Date.now()] as const;
        if (how !== 0) wrong.push({ what: `a drained broker ended with ${how}`, between });
        const tookMs = between[1] - at;
        if (tookMs > DRAIN_LIMIT_MS) wrong.push({ what: `a drain went on to its limit: ${tookMs} ms`, between });
        return broker.start();
      }
      case 'broker-kill':
        ends.push({ at: Date.now(), signal: 'SIGKILL' });
        await broker.stop('SIGKILL');
        return broker.start();
    }
  };

  const runLane = async (lane: Lane) => {
    for (const fault of faults) {
      if (fault.lane !== lane) continue;
      await due(fault.atMs);
      if (lane !== 'network') {
        await recovered(lane);
        behindMs = Math.max(behindMs, performance.now() - startedAt - fault.atMs);
      }
      const from = Date.now();
      await carryOut(fault);
      story.push({ ...fault, from, to: Date.now() });
      answeredBefore[lane] = answered();
      done.set(fault.kind, (done.get(fault.kind) ?? 0) + 1);
      onDone(log);
    }
  };
  await Promise.all((Object.keys(LANES) as Lane[]).map(runLane));
  return log;
}
