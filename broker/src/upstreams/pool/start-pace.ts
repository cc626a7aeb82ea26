// Lets the programs of servers begin some at a time: a broker that starts, or a hundred entries that are imported at once, would otherwise start as
// many programs, many of which install themselves first, and leave no processor to calls and to each other until all of them are given up.
import { availableParallelism } from 'node:os';
import type { Clock } from 'mcpgate-shared/clock';

/** A program waits for disk and network for half of its start. */
const MOST = Math.max(8, 4 * availableParallelism());
/** A start that takes longer goes on, and the next one begins: a server that hangs costs the others no more than this. */
const TURN_MS = 3_000;
/** Every so many starts the one that has waited for longest begins, so that those for which nobody waits begin, too, however busy it is. */
const OLDEST_EVERY = 4;

export interface StartPace {
  /**
   * Calls `start` when it is its turn. Of four that begin, three are such that somebody waits for, where there are any; each of both kinds begin in
   * their order. Rejects with the reason of `signal` where that is aborted before.
   */
  begin<T>(start: () => Promise<T>, wish: { isAwaited: () => boolean; signal: AbortSignal }): Promise<T>;
}

/** `most`: for tests. */
export function createStartPace({ clock, most = MOST }: { clock: Clock; most?: number | undefined }): StartPace {
  const waiting = new Set<{ isAwaited: () => boolean; go: () => void }>();
  let beginning = 0;
  let begun = 0;

  function next(): void {
    while (beginning < most) {
      const [first] = waiting;
      if (first === undefined) return;
      begun += 1;
      const isOldest = begun % OLDEST_EVERY === 0;
      const one = isOldest ? first : ([...waiting].find(({ isAwaited }) => isAwaited()) ?? first);
      waiting.delete(one);
      beginning += 1;
      one.go();
    }
  }

  function turn(isAwaited: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = (): void => {
        waiting.delete(one);
        reject(signal.reason as Error);
      };
      const one = {
        isAwaited,
        go() {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.add(one);
      next();
    });
  }

  return {
    async begin(start, { isAwaited, signal }) {
      await turn(isAwaited, signal);
      let isOver = false;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        beginning -= 1;
        next();
      };
      const cancel = clock.after(TURN_MS, over);
      try {
        return await start();
      } finally {
        cancel();
        over();
      }
    },
  };
}
