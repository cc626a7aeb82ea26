// How much memory the processes of a server take, asked of the kernel every second, and who takes more than it may. Not a limit of the
// kernel: RLIMIT_AS and RLIMIT_DATA count what V8 and WebAssembly reserve and never touch (docs/decisions/process-limits.md). Linux only.
import { readdir, readFile, stat } from 'node:fs/promises';
import type { Clock } from 'mcpgate-shared/clock';

export interface Watched {
  /** The leader of the server's session. */
  pid: number;
  /** The uid that is the server's alone, where it has one. */
  uid: number | undefined;
  limitBytes: number;
  /** Called once: it took `usedBytes`, and these are its processes. */
  onOver(usedBytes: number, pids: readonly number[]): void;
}

export interface MemoryWatch {
  /** The returned function ends it. */
  watch(server: Watched): () => void;
}

/** Who is past this part of its limit is asked more often. */
const NEAR = 0.5;
const OFTEN = 5;

export function createMemoryWatch({ clock, everyMs }: { clock: Clock; everyMs: number }): MemoryWatch {
  const servers = new Map<number, Watched>();
  /** By process: the leader of the server that it belongs to; undefined: of none. */
  const owners = new Map<number, number | undefined>();
  let isRunning = false;

  function schedule(afterMs: number): void {
    isRunning = servers.size > 0;
    if (!isRunning) return owners.clear();
    clock.after(afterMs, () => void look().then((isNear) => schedule(isNear ? everyMs / OFTEN : everyMs)));
  }

  async function look(): Promise<boolean> {
    const names = await readdir('/proc').catch(() => []);
    const pids = names.map(Number).filter((pid) => Number.isSafeInteger(pid) && pid > 0);
    const alive = new Set(pids);
    for (const pid of owners.keys()) if (!alive.has(pid)) owners.delete(pid);
    // In their order: whoever started a process most often comes before it.
    for (const pid of pids) if (!owners.has(pid)) owners.set(pid, await ownerOf(pid));
    let isNear = false;
    for (const server of [...servers.values()]) {
      const own = pids.filter((pid) => owners.get(pid) === server.pid);
      const usedBytes = sumOf(await Promise.all(own.map(memoryOf)));
      if (servers.get(server.pid) !== server) continue;
      if (usedBytes > server.limitBytes * NEAR) isNear = true;
      if (usedBytes <= server.limitBytes) continue;
      servers.delete(server.pid);
      server.onOver(usedBytes, own);
    }
    return isNear;
  }

  /** By session, by who started it, and by uid: what leaves the session is still the server's. */
  async function ownerOf(pid: number): Promise<number | undefined> {
    const [, parent, , session] = await statOf(pid);
    if (session !== undefined && servers.has(session)) return session;
    const inherited = parent === undefined ? undefined : owners.get(parent);
    if (inherited !== undefined) return inherited;
    const uid = await stat(`/proc/${pid}`).then(
      (info) => info.uid,
      () => undefined,
    );
    if (uid === undefined) return undefined;
    return [...servers.values()].findLast((server) => server.uid === uid)?.pid;
  }

  return {
    watch(server) {
      servers.set(server.pid, server);
      owners.set(server.pid, server.pid);
      if (!isRunning) schedule(everyMs);
      return () => {
        if (servers.get(server.pid) === server) servers.delete(server.pid);
      };
    },
  };
}

/** proc_pid_stat(5) from the third field on: state, parent, group, session. Empty where the process is gone. */
async function statOf(pid: number): Promise<(number | undefined)[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in parentheses that may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 4);
  return fields.map((field, index) => (index === 0 || field === '' ? undefined : Number(field)));
}

interface Memory {
  ownBytes: number;
  sharedBytes: number;
}

/** What the kernel cannot take back by dropping pages of files: anonymous memory, also where it was swapped out, and shared memory. */
async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { ownBytes: bytes('RssAnon') + bytes('VmSwap'), sharedBytes: bytes('RssShmem') };
}

/** Shared memory is most often the same for all of them, so that the largest stands for all. */
function sumOf(processes: readonly Memory[]): number {
  const own = processes.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  return own + Math.max(0, ...processes.map(({ sharedBytes }) => sharedBytes));
}
