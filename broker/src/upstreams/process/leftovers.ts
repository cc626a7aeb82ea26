// Processes that a server left behind: they left its group (`setsid`, a double fork), or its broker was killed. In a sandbox there are none,
// as they end with its namespace. Elsewhere they are known by what they cannot change: their uid where it is the server's alone, with the
// control group of the broker or a parent of its; or by the mark that is in their environment. Linux only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isServerUid } from './server-uids.ts';
import { ancestryOf, readProcessTable, unlessGone, type Process, type ProcessTable } from './process-table.ts';

/** The variable of a server's environment that names its home; the record cannot set it. */
export const MARK = 'MCPGATE_SERVER_HOME';

/** The uids that something runs as now. */
export function uidsInUse(): ReadonlySet<number> {
  return new Set([...readProcessTable().values()].map(({ uid }) => uid));
}

/**
 * Ends what a server of `home` left behind. `uid`: the home's own, where it has one. `living`: processes of the same home that go on, with
 * all that they have started; of those whose parents are gone, what is older than each of them is not theirs.
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

/** Whether the process runs for the server of `home`, although nothing of the server's is among those who started it. */
export function belongsTo(pid: number, home: string, uid: number | undefined): boolean {
  const table = readProcessTable();
  const each = table.get(pid);
  return each !== undefined && isOf(table, each, home, uid);
}

/** Ends what the last broker left of all servers whose homes are below `root`, and tells of each home that it looked at. */
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
  // A server that this process has just started has no environment yet; it is known as what it is by whoever started it.
  if (each.parent === process.pid) return false;
  return isOfThisBroker(table, each) && !isOfAnotherHome(table, each, home);
}

const environmentOf = (pid: number): string[] =>
  unlessGone(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))?.split('\0') ?? [];

const isMarked = (pid: number, home: string): boolean => environmentOf(pid).includes(`${MARK}=${home}`);

/** The nearest process above it that runs as somebody else. */
const starterOf = (table: ProcessTable, each: Process): Process | undefined =>
  ancestryOf(table, each.pid).find(({ uid }) => uid !== each.uid);

/**
 * This process runs it now for another home, which was given the same uid once this one had let go of it. What has lost its parent is not
 * believed: it could have given itself any mark.
 */
function isOfAnotherHome(table: ProcessTable, each: Process, home: string): boolean {
  const starter = starterOf(table, each);
  return (
    starter?.pid === process.pid &&
    environmentOf(each.pid).some((entry) => entry.startsWith(`${MARK}=`) && entry !== `${MARK}=${home}`)
  );
}

/**
 * Another broker of this computer, or systemd, may use the same uid: what is started by somebody else is theirs, and so is what is in another
 * control group. Neither can be changed by a process without rights.
 */
function isOfThisBroker(table: ProcessTable, each: Process): boolean {
  const starter = starterOf(table, each);
  const isOurs = starter === undefined || ancestryOf(table, process.pid).some(({ pid }) => pid === starter.pid);
  return isOurs && groupOf(each.pid) === groupOf('self');
}

const groupOf = (pid: number | 'self'): string | undefined =>
  unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
