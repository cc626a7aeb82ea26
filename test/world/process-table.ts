// Reads the operating system's process table: who belongs to a world, what is visible in `ps`, and ending what is left over.
import { readdirSync, readFileSync } from 'node:fs';

export interface ListedProcess {
  pid: number;
  parent: number;
  /** As `ps` shows it, arguments apart by one space. */
  commandLine: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile, or is not ours to look at
  }
}

/** Every process whose environment or command line holds `marker` (the folder of a world), but not this one. */
export function processesOf(marker: string): ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).includes(marker) || read(`/proc/${pid}/cmdline`).includes(marker))
    .map((pid) => {
      const stat = read(`/proc/${pid}/stat`);
      const [, parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return {
        pid: Number(pid),
        parent: Number(parent),
        commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
      };
    });
}

/** Ends the processes that a world left over: those whose environment or arguments name the world's folder. */
export function endProcessesOf(marker: string): ListedProcess[] {
  const left = processesOf(marker);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  return left;
}

/** Resident memory, bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}
