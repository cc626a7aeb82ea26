// Lowers the priority of the thread that calls it, so that calls have the processors first. Never to the lowest: beside other work on the
// machine, programs of stdio servers among it, a thread of the lowest priority gets a hundredth of a processor, and the search, export or
// backup that somebody waits for would not come to its end (and an export would hold the write-ahead log for as long).
import { setPriority } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** `nice`: 0 to 19. Against a thread that does not give way, 5 gets a quarter of a processor, 15 a thirtieth (Linux, sched(7)). */
export function giveWay(nice: number): void {
  // Only Linux gives a thread a priority of its own: elsewhere it would be that of the whole broker.
  if (process.platform !== 'linux' || isMainThread) return;
  try {
    setPriority(nice);
  } catch {
    // A sandbox that allows no such system call: the work is done all the same, and calls wait a little longer beside it.
  }
}
