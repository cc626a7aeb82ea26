// Strangers' requests take turns, address by address: the broker begins a few in each turn of the event loop. So however many one stranger sends, the
// calls of known clients and the requests of other addresses are handled in between.
import { turnKeys } from '../../domain/bounds/address-key.ts';
import { createFairQueue } from '../../domain/bounds/fair-queue.ts';

export interface StrangerTurns {
  /** Runs `work` in its turn. False: too many requests of this address, of its provider's network, or of all strangers wait already. */
  enter(address: string, work: () => void): boolean;
  readonly waiting: number;
}

/** How many requests are begun in one turn of the loop; each takes about a millisecond. */
const AT_A_TURN = 4;
const LIMITS = { ofAddress: 2_048, inAll: 8_192 };

export function createStrangerTurns(limits = LIMITS): StrangerTurns {
  const queue = createFairQueue<() => void>();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (queue.size > AT_A_TURN) schedule();
      for (let turn = 0; turn < AT_A_TURN; turn++) queue.next()?.();
    });
  }

  return {
    enter(address, work) {
      const { turn, quota } = turnKeys(address);
      const isFull = queue.of(turn) >= limits.ofAddress || queue.inQuota(quota) >= limits.inAll / 2;
      if (isFull || queue.size >= limits.inAll) return false;
      queue.push(turn, work, quota);
      schedule();
      return true;
    },
    get waiting() {
      return queue.size;
    },
  };
}
