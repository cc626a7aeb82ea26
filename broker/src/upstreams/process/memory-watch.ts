// Watches how much memory the processes of each server take: asks the kernel every second, and reports a server that is over its limit. The
// kernel's own limits (RLIMIT_AS, RLIMIT_DATA) do not serve: they count memory that V8 and WebAssembly reserve and never touch
// (docs/decisions/process-limits.md). Linux only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { belongsTo } from './leftovers.ts';

export interface Watched {
  /** The leader of the server's session. */
  pid: number;
  /** The uid that is the server's alone among those of this broker, where it has one. */
  uid: number | undefined;
  /** The server's folder. */
  home: string;
  limitBytes: number;
  /** Called once, when the server is over its limit: with what it takes, and its processes. */
  onOver(usedBytes: number, pids: readonly number[]): void;
}

export interface MemoryWatch {
  /** Watches a server. The returned function ends that, and returns the other processes of the server that still run. */
  watch(server: Watched): () => readonly number[];
}

/** Files of /proc are read synchronously, because no disk is involved; after so many the event loop gets a turn. */
const READS_A_TURN = 32;
/** A server past this part of its limit is asked `OFTEN` times as often. */
const NEAR = 0.5;
const OFTEN = 5;

export function createMemoryWatch({ clock, everyMs }: { clock: Clock; everyMs: number }): MemoryWatch {
  const servers = new Map<number, Watched>();
  const owners = new Map<number, Owner>();
  let isRunning = false;

  function schedule(afterMs: number): void {
    isRunning = servers.size > 0;
    if (!isRunning) return owners.clear();
    clock.after(afterMs, () => void look().then((isNear) => schedule(isNear ? everyMs / OFTEN : everyMs)));
  }

  async function look(): Promise<boolean> {
    const pids = (orGone(() => readdirSync('/proc')) ?? [])
      .map(Number)
      .filter((pid) => Number.isSafeInteger(pid) && pid > 0);
    const alive = new Set(pids);
    for (const pid of owners.keys()) if (!alive.has(pid)) owners.delete(pid);
    // In ascending order: a process most often has a higher id than its parent, whose owner is known by then.
    let reads = 0;
    for (const pid of pids) {
      if (owners.has(pid)) continue;
      owners.set(pid, ownerOf(pid));
      if (++reads % READS_A_TURN === 0) await nextTurn();
    }
    const ofServer = Map.groupBy(pids, (pid) => owners.get(pid)?.leader);
    let isNear = false;
    for (const server of [...servers.values()]) {
      if (servers.get(server.pid) !== server) continue;
      const own = ofServer.get(server.pid) ?? [];
      const usedBytes = sumOf(own.map(memoryOf));
      if (usedBytes > server.limitBytes * NEAR) isNear = true;
      if (usedBytes > server.limitBytes) {
        servers.delete(server.pid);
        // Without ids that the kernel has given to other processes meanwhile.
        server.onOver(
          usedBytes,
          own.filter((pid) => isStill(pid, owners.get(pid)?.started)),
        );
      }
      reads += own.length;
      if (reads >= READS_A_TURN) {
        reads = 0;
        await nextTurn();
      }
    }
    return isNear;
  }

  /** The server that a process belongs to: by its session, else by its parent, else by its uid, so that a process cannot leave its server. */
  function ownerOf(pid: number): Owner {
    const { parent, session, started } = statOf(pid);
    if (session !== undefined && servers.has(session)) return { leader: session, started };
    const inherited = parent === undefined ? undefined : owners.get(parent)?.leader;
    if (inherited !== undefined) return { leader: inherited, started };
    const uid = orGone(() => statSync(`/proc/${pid}`).uid);
    const ofUid = [...servers.values()].findLast((server) => server.uid !== undefined && server.uid === uid);
    // Another broker of the computer may have given the same uid to a server of its own.
    const isIts = ofUid !== undefined && belongsTo(pid, ofUid.home, ofUid.uid);
    return { leader: isIts ? ofUid.pid : undefined, started };
  }

  return {
    watch(server) {
      servers.set(server.pid, server);
      owners.set(server.pid, { leader: server.pid, started: statOf(server.pid).started });
      if (!isRunning) schedule(everyMs);
      return () => {
        if (servers.get(server.pid) === server) servers.delete(server.pid);
        return [...owners]
          .filter(([pid, { leader, started }]) => leader === server.pid && pid !== server.pid && isStill(pid, started))
          .map(([pid]) => pid);
      };
    },
  };
}

interface Owner {
  /** The leader of the server that a process belongs to; undefined: of none. */
  leader: number | undefined;
  /** When the process started: an id is used again after its process has ended. */
  started: string | undefined;
}

/** Fields of proc_pid_stat(5); all undefined where the process is gone. */
function statOf(pid: number): { parent?: number; session?: number; started: string | undefined } {
  const text = orGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is a name in parentheses that may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return { started: undefined };
  return { parent: Number(fields[1]), session: Number(fields[3]), started: fields[19] };
}

const isStill = (pid: number, started: string | undefined): boolean =>
  started !== undefined && statOf(pid).started === started;

interface Memory {
  ownBytes: number;
  sharedBytes: number;
}

/** The memory that the kernel cannot free by dropping pages of files: anonymous memory, swapped out or not, and shared memory. */
function memoryOf(pid: number): Memory {
  const text = orGone(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { ownBytes: bytes('RssAnon') + bytes('VmSwap'), sharedBytes: bytes('RssShmem') };
}

/** Shared memory is most often the same memory for all processes of a server, so only the largest amount is counted. */
function sumOf(processes: readonly Memory[]): number {
  const own = processes.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  return own + Math.max(0, ...processes.map(({ sharedBytes }) => sharedBytes));
}

/** Undefined where the process has ended meanwhile, or is closed to the broker. */
function orGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
