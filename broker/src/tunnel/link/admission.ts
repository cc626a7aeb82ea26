// Limits how many WebSocket upgrades are checked at once. When a broker dies, thousands of laptops come to another one within seconds, whose own
// laptops must go on working meanwhile. The broker checks a few upgrades at a time; the others wait, and addresses take turns, so that a crowd
// from one address does not keep others out. A laptop that would wait too long is told when to come again.
import type { Clock } from 'mcpgate-shared/clock';
import { turnKeys } from '../../domain/bounds/address-key.ts';
import { createFairQueue } from '../../domain/bounds/fair-queue.ts';

const AT_ONCE = 8;
/** Well below the 15 seconds after which a laptop gives up. */
const LONGEST_WAIT_MS = 5_000;
/** How many upgrades may wait, divided by the number of addresses that they come from. */
const MAX_WAITING = 2_000;
const MIN_RETRY_S = 2;
const MAX_RETRY_S = 10;
/** The weight of the newest check in the moving average of how long one takes. */
const WEIGHT = 0.1;

export interface Admission {
  /**
   * Runs `work` when its turn comes. Returns undefined, or, where the queue is too long, the seconds after which to come again. `work` must
   * not reject.
   */
  enter(address: string, work: () => Promise<void>): number | undefined;
  readonly waiting: number;
}

export function createAdmission(clock: Pick<Clock, 'now'>): Admission {
  const queue = createFairQueue<() => Promise<void>>();
  let running = 0;
  let eachMs = 0;
  /** How long an upgrade from this address would wait if it came now: each other address can have as many turns before it, at most. */
  const waitMs = (key: string) => (Math.min(queue.size, (queue.of(key) + 1) * queue.keys) * eachMs) / AT_ONCE;
  const hasRoom = ({ turn, quota }: { turn: string; quota: string }) =>
    queue.of(turn) < MAX_WAITING / Math.max(1, queue.keys) &&
    queue.inQuota(quota) < MAX_WAITING &&
    queue.size < 2 * MAX_WAITING;

  const next = (): void => {
    const work = queue.next();
    if (work === undefined) return;
    running += 1;
    const startedAt = clock.now();
    void work().finally(() => {
      running -= 1;
      eachMs += (clock.now() - startedAt - eachMs) * WEIGHT;
      // Lets the event loop serve calls and the bus between two upgrades.
      setImmediate(next);
    });
  };

  return {
    enter(address, work) {
      const keys = turnKeys(address);
      const wait = waitMs(keys.turn);
      if (!hasRoom(keys) || wait > LONGEST_WAIT_MS)
        return Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, Math.ceil(wait / 1_000)));
      queue.push(keys.turn, work, keys.quota);
      if (running < AT_ONCE) next();
      return undefined;
    },
    get waiting() {
      return queue.size;
    },
  };
}
