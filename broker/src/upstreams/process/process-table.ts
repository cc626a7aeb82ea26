// The table of all processes of the computer, from /proc. Linux only; elsewhere it is empty.
import { readdirSync, readFileSync, statSync } from 'node:fs';

export interface Process {
  pid: number;
  parent: number;
  uid: number;
  /** Clock ticks since boot. */
  started: number;
}

export type ProcessTable = ReadonlyMap<number, Process>;

export function readProcessTable(): ProcessTable {
  const pids = (unlessGone(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name));
  const table = new Map<number, Process>();
  for (const name of pids) {
    const found = unlessGone(() => readProcess(Number(name)));
    if (found !== undefined) table.set(found.pid, found);
  }
  for (const each of [...table.values()]) addParents(table, each);
  return table;
}

/** Adds missing ancestors of a process: one that was started while /proc was read can be in the table without its parent. */
function addParents(table: Map<number, Process>, process: Process): void {
  for (let each = process; each.parent !== 0 && !table.has(each.parent);) {
    const parent = unlessGone(() => readProcess(each.parent));
    const next = parent ?? unlessGone(() => readProcess(each.pid));
    if (next === undefined) return void table.delete(each.pid);
    // The parent has ended, and the kernel has not given the process another one yet: who started it is not known.
    if (parent === undefined && next.parent === each.parent) return void table.delete(each.pid);
    table.set(next.pid, next);
    each = next;
  }
}

function readProcess(pid: number): Process {
  const { uid } = statSync(`/proc/${pid}`);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in parentheses that may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(fields[1]), uid, started: Number(fields[19]) };
}

/** The process, its parent, and so on upwards. */
export function ancestryOf(table: ProcessTable, pid: number): Process[] {
  const chain: Process[] = [];
  for (let each = table.get(pid); each !== undefined && !chain.includes(each); each = table.get(each.parent))
    chain.push(each);
  return chain;
}

/** The ids of all processes that `pid` has started, directly or not. */
export function descendantsOf(table: ProcessTable, pid: number): number[] {
  return [...table.keys()].filter(
    (each) => each !== pid && ancestryOf(table, each).some((ancestor) => ancestor.pid === pid),
  );
}

/** Undefined where the process has ended meanwhile, or is closed to the broker. */
export function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
