// Who comes in at a pace: after a broker has died, thousands of laptops come to another one at once, whose own laptops go first. A few are looked
// up at a time, the others wait their turn, address by address, so that a crowd from one place keeps nobody else out; who would wait too long is
// told when to come again.
import type { Clock } from 'mcpgate-shared/clock';
import { turnKeys } from '../../domain/address-key.ts';
import { createFairQueue } from '../../domain/fair-queue.ts';

const AT_ONCE = 8;
/** Laptops give an upgrade up after 15 seconds. */
const LONGEST_WAIT_MS = 5_000;
/** Shared by the addresses from which some wait. */
const MAX_WAITING = 2_000;
const MIN_RETRY_S = 2;
const MAX_RETRY_S = 10;
/** How much the last one counts in what one takes. */
const WEIGHT = 0.1;

export interface Admission {
  /** Runs `work`, which comes from `address`, in its turn; returns the seconds after which to come again where it is not taken. `work` never rejects. */
  enter(address: string, work: () => Promise<void>): number | undefined;
  readonly waiting: number;
}

export function createAdmission(clock: Pick<Clock, 'now'>): Admission {
  const queue = createFairQueue<() => Promise<void>>();
  let running = 0;
  let eachMs = 0;
  /** For how long who comes now from there would wait: each other address has as many turns before it at most. */
  const waitMs = (key: string) => (Math.min(queue.size, (queue.of(key) + 1) * queue.keys) * eachMs) / AT_ONCE;
  const hasRoom = ({ turn, room }: { turn: string; room: string }) =>
    queue.of(turn) < MAX_WAITING / Math.max(1, queue.keys) &&
    queue.inRoom(room) < MAX_WAITING &&
    queue.size < 2 * MAX_WAITING;

  const next = (): void => {
    const work = queue.next();
    if (work === undefined) return;
    running += 1;
    const startedAt = clock.now();
    void work().finally(() => {
      running -= 1;
      eachMs += (clock.now() - startedAt - eachMs) * WEIGHT;
      // Calls and the bus have their turn between.
      setImmediate(next);
    });
  };

  return {
    enter(address, work) {
      const keys = turnKeys(address);
      const wait = waitMs(keys.turn);
      if (!hasRoom(keys) || wait > LONGEST_WAIT_MS)
        return Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, Math.ceil(wait / 1_000)));
      queue.push(keys.turn, work, keys.room);
      if (running < AT_ONCE) next();
      return undefined;
    },
    get waiting() {
      return queue.size;
    },
  };
}
