// Reads the operating system's process table: who belongs to a world, what is visible in `ps`, who has the processors, and ending what is left over.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';

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

const SAMPLE_MS = 500;
/** In which Linux counts a process's time, whatever the processor: `getconf CLK_TCK`. */
const TICKS_PER_S = 100;
const MOST = 6;

/** The program and what it runs, such as `node main.js`: what else stands there may be a secret. */
const nameOf = (pid: string): string =>
  read(`/proc/${pid}/cmdline`)
    .split(/[\0 ]+/)
    .slice(0, 2)
    .map((word) => basename(word))
    .join(' ');

/** By the number of the process: how long it has had a processor. */
function times(): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = read(`/proc/${pid}/stat`);
    // The name stands in brackets and may hold some itself; the times are the 12th and 13th field behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat !== '') found.set(pid, Number(fields[11]) + Number(fields[12]));
  }
  return found;
}

/**
 * The busiest processes of half a second, each with its share of a processor, for the report of a test that failed: what kept it from them may be no
 * file of the run. Empty where the system does not say.
 */
export async function busyProcesses(): Promise<string> {
  if (process.platform !== 'linux') return '';
  const before = times();
  await setTimeout(SAMPLE_MS);
  const percent = (ticks: number) => Math.round((100 * ticks * 1000) / TICKS_PER_S / SAMPLE_MS);
  const busy = [...times()]
    .map(([pid, ticks]) => ({ pid, share: percent(ticks - (before.get(pid) ?? 0)) }))
    .filter(({ share }) => share > 0)
    .toSorted((one, other) => other.share - one.share)
    .slice(0, MOST);
  return busy.map(({ pid, share }) => `${nameOf(pid)} (${pid}) ${share} %`).join(', ');
}
