// Hashing a password takes memory and a core for a good while, and is asked for by strangers: few at a time, and not too many wait.
import { availableParallelism } from 'node:os';

export interface PasswordTurns {
  /** Undefined: too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
}

/** At least one thread of four is left for what else node does there (names, files). */
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
        // The place goes to who waits longest.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
