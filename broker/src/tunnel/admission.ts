// Who comes in at a pace: after a broker has died, thousands of laptops come to another one at once, whose own laptops go first. A few are looked
// up at a time, the others wait their turn; who would wait too long is told when to come again.
import type { Clock } from 'mcpgate-shared/clock';

const AT_ONCE = 8;
/** Laptops give an upgrade up after 15 seconds. */
const LONGEST_WAIT_MS = 5_000;
const MAX_WAITING = 2_000;
const MIN_RETRY_S = 2;
const MAX_RETRY_S = 10;
/** How much the last one counts in what one takes. */
const WEIGHT = 0.1;

export interface Admission {
  /** Runs `work` in its turn; returns the seconds after which to come again where it is not taken. `work` never rejects. */
  enter(work: () => Promise<void>): number | undefined;
  readonly waiting: number;
}

export function createAdmission(clock: Pick<Clock, 'now'>): Admission {
  const queue: (() => Promise<void>)[] = [];
  let running = 0;
  let eachMs = 0;
  /** For how long who comes now would wait. */
  const waitMs = () => (queue.length * eachMs) / AT_ONCE;

  const next = (): void => {
    const work = queue.shift();
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
    enter(work) {
      if (queue.length >= MAX_WAITING || waitMs() > LONGEST_WAIT_MS) {
        return Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, Math.ceil(waitMs() / 1_000)));
      }
      queue.push(work);
      if (running < AT_ONCE) next();
      return undefined;
    },
    get waiting() {
      return queue.length;
    },
  };
}
