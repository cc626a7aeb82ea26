// The processes of a uid that a stdio server runs as. Such a uid is no person's, but it need not be one broker's alone: a second broker on
// the computer picks from the same range, and so does systemd. Linux only; elsewhere a process that has left its group is not found.
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The uids that something runs as now. */
export function uidsInUse(): ReadonlySet<number> {
  return new Set(listed().map(({ uid }) => uid));
}

/** Ends what runs as `uid` and was started for `home`, an absolute folder. */
export function endProcessesOf(uid: number, home: string): void {
  for (const each of listed()) {
    if (each.uid === uid && belongsTo(home, each.pid)) unlessGone(() => process.kill(Number(each.pid), 'SIGKILL'));
  }
}

/** By its environment, which children inherit. Root in a container may not read that: there the control group has to do. */
function belongsTo(home: string, pid: string): boolean {
  const environment = unlessGone(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
  if (environment === undefined) return groupOf(pid) === groupOf('self');
  const values = environment.split('\0').map((entry) => entry.slice(entry.indexOf('=') + 1));
  return values.some((value) => value === home || value.startsWith(`${home}/`));
}

const groupOf = (pid: string): string | undefined => unlessGone(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));

function listed(): { pid: string; uid: number }[] {
  const pids = unlessGone(() => readdirSync('/proc')) ?? []; // a system without /proc
  return pids.flatMap((pid) => {
    const info = /^\d+$/.test(pid) ? unlessGone(() => statSync(`/proc/${pid}`)) : undefined;
    return info === undefined ? [] : [{ pid, uid: info.uid }];
  });
}

/** Undefined where the process has ended meanwhile, or is closed to the broker. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
