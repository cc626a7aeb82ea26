// Waits of calls for something that a person does: told of it, whichever broker it was done at, and looked up now and then besides, so that a
// message which got lost delays a call and does not strand it.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';

/** `over`: nobody waits any more, because it took too long, the broker takes leave, it came to nothing or the call was cancelled. */
export type WaitEnd = 'go_on' | 'over';

export interface PersonWait {
  /** For the log: what is looked up. */
  what: string;
  /** How long at most. */
  limitMs: number;
  signal: AbortSignal;
  /** Called at once, and then every few seconds. */
  onTick: () => void;
  /** Listens for what ends the wait. Returns the function that stops it. */
  listen: (end: (how: WaitEnd) => void) => () => void;
  /** Whether the call may go on, by what is stored now. */
  mayGoOn: () => Promise<boolean>;
}

export interface PersonWaits {
  /** Rejects where it cannot be looked up at the beginning. */
  until(wait: PersonWait): Promise<WaitEnd>;
  /** Ends all, and lets none begin: the broker takes leave, and no call should keep it. */
  end(): void;
}

/** Clients that were promised progress hear of it so often, and what is waited for is looked up. */
const TICK_MS = 5_000;

export function createPersonWaits({ clock, log }: { clock: Clock; log: Pick<BaseLogger, 'warn'> }): PersonWaits {
  const waiting = new Set<(end: WaitEnd) => void>();
  let isOver = false;

  return {
    async until(wait) {
      const { signal } = wait;
      if (signal.aborted || isOver) return 'over';
      const { promise: ended, resolve: end } = Promise.withResolvers<WaitEnd>();
      let isDone = false;
      let cancelTick: () => void = () => undefined;
      // Before it is looked up for the first time, so that nothing falls between.
      const stopListening = wait.listen(end);
      const onAbort = () => end('over');
      const tick = (): void => {
        if (isDone) return;
        wait.onTick();
        cancelTick = clock.after(TICK_MS, () => {
          wait.mayGoOn().then(
            (isThere) => (isThere ? end('go_on') : tick()),
            (error: unknown) => {
              log.warn(
                { what: wait.what, error: toGateError(error).message },
                'what a call waits for was not looked up',
              );
              tick();
            },
          );
        });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(end);
      const cancelLimit = clock.after(wait.limitMs, () => end('over'));
      try {
        if (await wait.mayGoOn()) return 'go_on';
        tick();
        return await ended;
      } finally {
        isDone = true;
        waiting.delete(end);
        cancelTick();
        cancelLimit();
        stopListening();
        signal.removeEventListener('abort', onAbort);
      }
    },
    end() {
      isOver = true;
      for (const end of [...waiting]) end('over');
    },
  };
}
