// Bounds how many passwords are hashed at a time. A hash takes 32 MiB and a core for a fraction of a second, and any stranger can cause one by
// trying to sign in.
import { availableParallelism } from 'node:os';

export interface PasswordTurns {
  /** Runs `work` when its turn comes; undefined, without running it, where too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
}

/** How many run at once: libuv has four threads, and others are needed for DNS and files. */
const AT_ONCE = Math.max(1, Math.min(2, availableParallelism() - 1));
const MAX_WAITING = 64;

export function createPasswordTurns(atOnce = AT_ONCE, maxWaiting = MAX_WAITING): PasswordTurns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running >= atOnce) {
        if (waiting.length >= maxWaiting) return undefined;
        await new Promise<void>((go) => waiting.push(go));
      } else running += 1;
      try {
        return await work();
      } finally {
        // The one that has waited longest runs next.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
