// Starts a server's process under its limits. `prlimit` (util-linux) sets them on itself and becomes the server: its id stays the same, and
// everything that the server starts inherits them. Memory is not among them: memory-watch.ts says why.
import { readFileSync } from 'node:fs';
import type { ResourceLimits } from '../../domain/resource-limits.ts';
import { findTool } from './find-tool.ts';

export interface LimitLauncher {
  /** Why limits cannot be set on this computer; undefined: they can. */
  readonly missing: string | undefined;
  /** What is kept of `limits` here: never more than the broker itself has. */
  kept(limits: ResourceLimits, hasOwnUid: boolean): ResourceLimits;
  /** What to start instead of `command`. */
  wrap(command: string, args: readonly string[], kept: ResourceLimits): { program: string; args: readonly string[] };
}

/** The kernel counts the time that is over in seconds: it says so with SIGXCPU, and a second later with SIGKILL. */
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
        // The kernel counts what a user runs, and the broker's own user runs more than this server.
        processes: hasOwnUid ? atMost(limits.processes, own?.processes) : null,
        cpuSeconds: atMost(limits.cpuSeconds, own?.cpuSeconds),
      };
    },
    wrap(command, args, { openFiles, processes, cpuSeconds }) {
      if (missing !== undefined || program === undefined) return { program: command, args };
      const flags = [
        // What a core dump holds of a server's memory are its secrets.
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
