// Says in words how a server's process ended, and which limit it ran into, so that administrators know what to raise.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import type { ResourceLimits } from '../../domain/bounds/resource-limits.ts';

export interface Exit {
  code: number | null;
  signal: string | null;
  limits: ResourceLimits;
  /** The last lines that it wrote to stderr. */
  stderr: readonly string[];
}

const MIB = 1024 * 1024;
const SAID_LAST = 20;
/** How Node, Python, Go and the C library say EMFILE, and EAGAIN of a thread or process that could not be made. */
const NO_FILE = /EMFILE|too many open files/i;
const NO_PROCESS =
  /\bEAGAIN\b.*(fork|spawn|thread|clone)|(fork|spawn|thread|clone).*(EAGAIN|resource temporarily unavailable|temporarily unavailable)|can't start new thread|pthread_create/i;

/** How a process ended: `exit code 7`, `SIGKILL`, and the limit that it ran into, as far as that can be told. */
export function howItEnded({ code, signal, limits, stderr }: Exit): string {
  const how = signal ?? `exit code ${code}`;
  if (signal === 'SIGXCPU') return `${how}: it used up its limit of ${limits.cpuSeconds} s of CPU (cpu_seconds)`;
  const last = stderr.slice(-SAID_LAST);
  if (limits.openFiles !== null && last.some((line) => NO_FILE.test(line)))
    return `${how}; it seems to have run into its limit of ${limits.openFiles} open files (open_files)`;
  if (limits.processes !== null && last.some((line) => NO_PROCESS.test(line)))
    return `${how}; it seems to have run into its limit of ${limits.processes} processes and threads`;
  return how;
}

/** Why a server was ended that took too much memory. */
export function tooMuchMemory(usedBytes: number, limitBytes: number): string {
  return `took ${Math.ceil(usedBytes / MIB)} MiB of memory, and its limit is ${formatByteSize(limitBytes)} (memory)`;
}
