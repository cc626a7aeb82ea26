// Lowers the priority of the thread that imports it: a thread that goes through the log or the whole database gets a processor where no call needs it.
// Threads import it before anything else, because to load the rest takes a processor for a while, too; in the bundle its place is what esbuild makes of it.
import { constants, setPriority } from 'node:os';
import { isMainThread } from 'node:worker_threads';

// Only Linux gives a thread a priority of its own: elsewhere it would be that of the whole broker.
if (process.platform === 'linux' && !isMainThread) {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox that allows no such system call: the work is done all the same, and calls wait a little longer beside it.
  }
}
