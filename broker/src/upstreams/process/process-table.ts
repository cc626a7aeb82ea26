// The processes of the computer, as /proc has them. Linux only; elsewhere the table is empty.
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

/** A process that began while the folder was read may stand in it without the one that started it, just as one whose parent has ended. */
function addParents(table: Map<number, Process>, process: Process): void {
  for (let each = process; each.parent !== 0 && !table.has(each.parent);) {
    const parent = unlessGone(() => readProcess(each.parent));
    const next = parent ?? unlessGone(() => readProcess(each.pid));
    if (next === undefined) return void table.delete(each.pid);
    // Its parent has ended, and it has not got another one yet: nothing is known of who started it.
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

/** Who started it, who started that, and so on; the process itself is the first. */
export function ancestryOf(table: ProcessTable, pid: number): Process[] {
  const chain: Process[] = [];
  for (let each = table.get(pid); each !== undefined && !chain.includes(each); each = table.get(each.parent))
    chain.push(each);
  return chain;
}

/** All that `pid` has started, and what these have. */
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
