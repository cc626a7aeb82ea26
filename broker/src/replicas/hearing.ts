// Whether this broker hears of what the others change. One that does not for longer than a second is deaf: it allows nothing. Once it hears
// again it reads everything anew before it goes on, because it does not know what it has missed. Time for which the process was too busy to
// read is no time for which it was not heard, within the bounds of `unheard.ts`.
import type { Clock } from 'mcpgate-shared/clock';
import { hearableForMs } from '../domain/unheard.ts';

/** So often it is looked whether this process is on time. */
const LOOK_MS = 100;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

export interface Hearing {
  readonly isDeaf: boolean;
  /** Nothing is heard since then (ms since the epoch). */
  lost(since: number, why: string): void;
  found(): void;
  /** It hears, but something was not said, or could not be done. */
  missed(why: string): void;
  close(): void;
}

export function createHearing(options: {
  clock: Clock;
  /** Reads everything anew; returns how many links and sessions it has found revoked. */
  catchUp: () => Promise<number>;
  onFailed: (error: unknown) => void;
  onDeaf: (why: string) => void;
  /** It has caught up. `why`: what had kept it from hearing; `deafMs`: how long it had not heard; `ended`: what was revoked meanwhile. */
  onCaughtUp: (facts: { wasDeaf: boolean; why: string; deafMs: number; ended: number }) => void;
}): Hearing {
  const { clock } = options;
  let isConnected = true;
  let isDeaf = false;
  let isClosed = false;
  /** From when on something may have been missed. */
  let doubtSince: number | undefined;
  let reason = '';
  let ended = 0;
  let isRunning = false;
  let again = false;
  let cancelDeaf: () => void = () => undefined;
  let cancelPause: () => void = () => undefined;

  function doubt(since: number, why: string): void {
    if (doubtSince !== undefined || isClosed) return;
    doubtSince = since;
    reason = why;
    watch(since, 0);
  }

  /** `busyMs`: how late it was looked since then, in all. */
  function watch(since: number, busyMs: number): void {
    const leftMs = hearableForMs(clock.now() - since, busyMs);
    const dueAt = clock.now() + Math.min(LOOK_MS, leftMs);
    cancelDeaf = clock.after(dueAt - clock.now(), () => {
      if (leftMs > 0) return watch(since, busyMs + Math.max(0, clock.now() - dueAt));
      isDeaf = true;
      options.onDeaf(reason);
    });
  }

  async function run(): Promise<void> {
    isRunning = true;
    let retryMs = FIRST_RETRY_MS;
    do {
      again = false;
      try {
        ended += await options.catchUp();
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        options.onFailed(error);
        again = true;
        await new Promise<void>((resolve) => (cancelPause = clock.after(retryMs, resolve)));
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    } while (again && isConnected && !isClosed);
    isRunning = false;
    if (!isConnected || isClosed || doubtSince === undefined) return;
    const facts = { wasDeaf: isDeaf, why: reason, deafMs: clock.now() - doubtSince, ended };
    cancelDeaf();
    doubtSince = undefined;
    isDeaf = false;
    ended = 0;
    options.onCaughtUp(facts);
  }

  function catchUp(): void {
    if (isClosed) return;
    if (isRunning) again = true;
    else void run();
  }

  return {
    get isDeaf() {
      return isDeaf;
    },
    lost(since, why) {
      isConnected = false;
      doubt(since, why);
    },
    found() {
      isConnected = true;
      if (doubtSince !== undefined) catchUp();
    },
    missed(why) {
      doubt(clock.now(), why);
      if (isConnected) catchUp();
    },
    close() {
      isClosed = true;
      cancelDeaf();
      cancelPause();
    },
  };
}
