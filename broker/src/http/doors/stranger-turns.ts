// Requests of whom it is not known who they are take turns: a few are begun in each turn of the loop, address by address, so that calls of
// those who are known, and strangers of other addresses, come in between whatever one of them sends.
import { turnKeys } from '../../domain/address-key.ts';
import { createFairQueue } from '../../domain/fair-queue.ts';

export interface StrangerTurns {
  /** Runs `work` in its turn. False: too many of this address, of its provider's network, or of all wait already. */
  enter(address: string, work: () => void): boolean;
  readonly waiting: number;
}

/** What strangers ask for takes about a millisecond each. */
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
