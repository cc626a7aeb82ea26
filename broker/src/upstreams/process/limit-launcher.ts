// Sets limits on a server's process with `prlimit` (util-linux), which sets them on itself and then becomes the server. So the process keeps its
// id, and everything that the server starts inherits the limits. Memory is not among them; memory-watch.ts says why.
import { readFileSync } from 'node:fs';
import type { ResourceLimits } from '../../domain/bounds/resource-limits.ts';
import { findTool } from './find-program.ts';

export interface LimitLauncher {
  /** Why limits cannot be set on this computer; undefined where they can. */
  readonly missing: string | undefined;
  /** The limits that can be set here, none above what the broker itself has; null where one cannot. */
  kept(limits: ResourceLimits, hasOwnUid: boolean): ResourceLimits;
  /** The program and arguments to start instead of `command` and `args`. */
  wrap(command: string, args: readonly string[], kept: ResourceLimits): { program: string; args: readonly string[] };
}

/** At the limit the kernel sends SIGXCPU; the SIGKILL follows after so many seconds of CPU more. */
const CPU_GRACE_S = 1;

/** `searchPath`: where prlimit is looked for. */
export function createLimitLauncher(searchPath: string): LimitLauncher {
  const own = ownLimits();
  const program = findTool('prlimit', searchPath);
  const missing =
    own === undefined
      ? 'only Linux has what sets them'
      : program === undefined
        ? '`prlimit` was not found (install util-linux)'
        : undefined;

  return {
    missing,
    kept(limits, hasOwnUid) {
      const memoryBytes = own === undefined ? null : limits.memoryBytes;
      if (missing !== undefined) return { memoryBytes, openFiles: null, processes: null, cpuSeconds: null };
      return {
        memoryBytes,
        openFiles: atMost(limits.openFiles, own?.openFiles),
        // The kernel counts all processes of a user, and the broker's own user runs more than this server.
        processes: hasOwnUid ? atMost(limits.processes, own?.processes) : null,
        cpuSeconds: atMost(limits.cpuSeconds, own?.cpuSeconds),
      };
    },
    wrap(command, args, { openFiles, processes, cpuSeconds }) {
      if (missing !== undefined || program === undefined) return { program: command, args };
      const flags = [
        // A core dump would hold the secrets in the server's memory.
        '--core=0',
        ...(openFiles === null ? [] : [`--nofile=${openFiles}`]),
        ...(processes === null ? [] : [`--nproc=${processes}`]),
        ...(cpuSeconds === null ? [] : [`--cpu=${cpuSeconds}:${cpuSeconds + CPU_GRACE_S}`]),
      ];
      return { program, args: [...flags, '--', command, ...args] };
    },
  };
}

const atMost = (wanted: number | null, hard: number | undefined) =>
  wanted === null || hard === undefined ? wanted : Math.min(wanted, hard);

/** The hard limits that the broker itself has; undefined: not Linux. */
function ownLimits():
  { openFiles: number | undefined; processes: number | undefined; cpuSeconds: number | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const hard = (name: string) => {
    const value = new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const cpuSeconds = hard('Max cpu time');
  return {
    openFiles: hard('Max open files'),
    processes: hard('Max processes'),
    cpuSeconds: cpuSeconds === undefined ? undefined : Math.max(1, cpuSeconds - CPU_GRACE_S),
  };
}
