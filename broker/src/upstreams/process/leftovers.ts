// Finds and ends processes that a server left behind, because they left its process group (`setsid`, a double fork) or the broker was killed. A
// sandbox leaves none behind: its processes end with its namespace. Elsewhere they are recognized by what they cannot change: their uid, where it
// is the server's alone, together with the control group of the broker; or else by a mark in their environment. Linux only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isServerUid } from './server-uids.ts';
import { ancestryOf, readProcessTable, unlessGone, type Process, type ProcessTable } from './process-table.ts';

/** The variable of a server's environment that names its home; the record cannot set it. */
export const MARK = 'MCPGATE_SERVER_HOME';

/** The uids of all processes that run now. */
export function uidsInUse(): ReadonlySet<number> {
  return new Set([...readProcessTable().values()].map(({ uid }) => uid));
}

/**
 * Ends the processes that a server of `home` left behind. `uid`: the home's own, where it has one. `living`: the leaders of servers of the same
 * home that still run; they and their descendants go on. An orphan counts as theirs only where it is younger than the oldest of them.
 */
export function endLeftovers(home: string, uid: number | undefined, living: readonly number[] = []): void {
  const table = readProcessTable();
  const leaders = living.flatMap((pid) => table.get(pid) ?? []);
  const since = Math.min(...leaders.map(({ started }) => started));
  for (const each of table.values()) {
    if (each.pid === process.pid || !isOf(table, each, home, uid)) continue;
    const chain = ancestryOf(table, each.pid);
    if (leaders.some((leader) => chain.includes(leader)) || each.started >= since) continue;
    unlessGone(() => process.kill(each.pid, 'SIGKILL'));
  }
}

/** Whether a process that no process of the server has started (as far as can be seen) belongs to the server of `home`. */
export function belongsTo(pid: number, home: string, uid: number | undefined): boolean {
  const table = readProcessTable();
  const each = table.get(pid);
  return each !== undefined && isOf(table, each, home, uid);
}

/** Ends the processes that the last broker left behind, of all servers whose homes are below `root`. */
export function endLeftoversBelow(root: string, isRoot: boolean): void {
  for (const server of unlessGone(() => readdirSync(root)) ?? []) {
    const folder = path.join(root, server);
    if (unlessGone(() => statSync(folder).isDirectory()) !== true) continue;
    for (const homeName of unlessGone(() => readdirSync(folder)) ?? []) {
      const home = path.join(folder, homeName);
      const owner = unlessGone(() => statSync(home).uid);
      if (owner !== undefined) endLeftovers(home, isRoot && isServerUid(owner) ? owner : undefined);
    }
  }
}

function isOf(table: ProcessTable, each: Process, home: string, uid: number | undefined): boolean {
  if (uid === undefined) return each.uid === process.getuid?.() && isMarked(each.pid, home);
  if (each.uid !== uid) return false;
  if (isMarked(each.pid, home)) return true;
  // A server that the broker has just started has no environment yet; it is no leftover.
  if (each.parent === process.pid) return false;
  return isOfThisBroker(table, each) && !isOfAnotherHome(table, each, home);
}

const environmentOf = (pid: number): string[] =>
  unlessGone(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))?.split('\0') ?? [];

const isMarked = (pid: number, home: string): boolean => environmentOf(pid).includes(`${MARK}=${home}`);

/** The nearest ancestor of the process that runs as another uid. */
const starterOf = (table: ProcessTable, each: Process): Process | undefined =>
  ancestryOf(table, each.pid).find(({ uid }) => uid !== each.uid);

/**
 * Whether the broker runs the process for another home, which was given the same uid after this home had freed it. The mark of an orphan is not
 * believed: a process can give itself any mark.
 */
function isOfAnotherHome(table: ProcessTable, each: Process, home: string): boolean {
  const starter = starterOf(table, each);
  return (
    starter?.pid === process.pid &&
    environmentOf(each.pid).some((entry) => entry.startsWith(`${MARK}=`) && entry !== `${MARK}=${home}`)
  );
}

/**
 * Whether the process belongs to this broker: another broker on this computer, or systemd, may use the same uid. A process that others have
 * started is theirs, and so is one in another control group; a process without rights can change neither.
 */
function isOfThisBroker(table: ProcessTable, each: Process): boolean {
  const starter = starterOf(table, each);
  const isOurs = starter === undefined || ancestryOf(table, process.pid).some(({ pid }) => pid === starter.pid);
  return isOurs && groupOf(each.pid) === groupOf('self');
}

const groupOf = (pid: number | 'self'): string | undefined =>
  unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
