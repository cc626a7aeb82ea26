// Keeps track of whether this broker hears the changes that other brokers announce on the bus. A broker that has not heard the bus for longer
// than a second is deaf: it allows no call. Once it hears again it reads policies, secrets, servers and people again before it allows
// anything, because it does not know which announcements it has missed. Time during which the process was too busy to read the bus does not
// count, within the bounds of `hearing-limit.ts`.
import type { Clock } from 'mcpgate-shared/clock';
import { hearingLeftMs } from '../domain/bounds/hearing-limit.ts';

/** How often a timer measures whether the event loop of this process runs late. */
const LOOK_MS = 100;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

export interface Hearing {
  readonly isDeaf: boolean;
  /** The bus has not been heard since `since` (ms since the epoch). */
  lost(since: number, why: string): void;
  /** The bus is heard again. */
  found(): void;
  /** The bus is heard, but an announcement may have been lost or could not be applied. */
  missed(why: string): void;
  close(): void;
}

export function createHearing(options: {
  clock: Clock;
  /** Reads again everything that is kept from the store; returns how many links and sessions were found revoked. */
  catchUp: () => Promise<number>;
  onFailed: (error: unknown) => void;
  onDeaf: (why: string) => void;
  /** `catchUp` has succeeded. `why`: the reason of the gap; `deafMs`: its length; `ended`: links and sessions that were revoked in it. */
  onCaughtUp: (facts: { wasDeaf: boolean; why: string; deafMs: number; ended: number }) => void;
}): Hearing {
  const { clock } = options;
  let isConnected = true;
  let isDeaf = false;
  let isClosed = false;
  /** Since when announcements may have been missed (ms since the epoch); undefined: none was. */
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

  /** Makes this broker deaf when its time is over. `busyMs`: by how much the timers since `since` ran late, in all. */
  function watch(since: number, busyMs: number): void {
    const leftMs = hearingLeftMs(clock.now() - since, busyMs);
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
