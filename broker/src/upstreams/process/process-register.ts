// A register on disk of the processes that the broker has started. When a broker is killed, the next one ends the processes that outlived it. A
// process is recognized by its id and start time, because ids are used again. Linux only; elsewhere servers end when their stdin does.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface ProcessRegister {
  /** `home`: of the server. */
  add(pid: number, home: string): void;
  remove(pid: number): void;
  /** The processes of that home. */
  of(home: string): readonly number[];
}

/**
 * Ends the processes in the register `file` that the last broker left behind, and begins an empty one. `onKilled` is called for each that was
 * ended.
 */
export function createProcessRegister(file: string, onKilled: (pid: number) => void): ProcessRegister {
  for (const [pid, started] of read(file)) {
    if (startTimeOf(pid) !== started) continue;
    try {
      process.kill(-pid, 'SIGKILL');
      onKilled(pid);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
  const running = new Map<number, { started: string; home: string }>();

  function save(): void {
    writeFileSync(file, [...running].map(([pid, { started }]) => `${pid} ${started}\n`).join(''), { mode: 0o600 });
  }

  mkdirSync(path.dirname(file), { recursive: true, mode: 0o711 });
  save();
  return {
    add(pid, home) {
      const started = startTimeOf(pid);
      if (started === undefined) return;
      running.set(pid, { started, home });
      save();
    },
    remove(pid) {
      if (running.delete(pid)) save();
    },
    of: (home) => [...running].filter(([, each]) => each.home === home).map(([pid]) => pid),
  };
}

function read(file: string): [number, string][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const [pid, started] = line.split(' ');
    return /^[1-9]\d*$/.test(pid ?? '') && started !== undefined ? [[Number(pid), started]] : [];
  });
}

/** Clock ticks since boot (proc_pid_stat(5), field 22), as text; undefined: no such process, or no /proc. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    // Gone, or a system without /proc: then nothing can be said of it.
    return undefined;
  }
}
