// Makes a process experience that its computer sleeps: the process stands still while time goes on.
import { setTimeout as pass } from 'node:timers/promises';

/** Stops the process for `ms`, runs `meanwhile` at the end of the sleep, and wakes it. */
export async function putToSleep(pid: number, ms: number, meanwhile: () => void): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await pass(ms); // nothing but time makes a sleep
    meanwhile();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
