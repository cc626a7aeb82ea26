// Requests of whom it is not known who they are take turns: a few are begun in each turn of the loop, address by address, so that calls of
// those who are known, and strangers of other addresses, come in between whatever one of them sends.
import { addressKey } from '../domain/address-key.ts';

export interface StrangerTurns {
  /** Runs `work` in its turn. False: too many of this address, or of all, wait already. */
  enter(address: string, work: () => void): boolean;
  readonly waiting: number;
}

/** What strangers ask for takes about a millisecond each. */
const AT_A_TURN = 4;
const LIMITS = { ofAddress: 2_048, inAll: 8_192 };

export function createStrangerTurns(limits = LIMITS): StrangerTurns {
  /** In the order of their turns. */
  const queues = new Map<string, (() => void)[]>();
  let waiting = 0;
  let isScheduled = false;

  function runNext(): void {
    for (const [key, queue] of queues) {
      const work = queue.shift();
      queues.delete(key);
      if (queue.length > 0) queues.set(key, queue);
      waiting -= 1;
      work?.();
      return;
    }
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (waiting > AT_A_TURN) schedule();
      for (let turn = 0; turn < AT_A_TURN; turn++) runNext();
    });
  }

  return {
    enter(address, work) {
      const key = addressKey(address);
      const queue = queues.get(key) ?? [];
      if (queue.length >= limits.ofAddress || waiting >= limits.inAll) return false;
      queue.push(work);
      queues.set(key, queue);
      waiting += 1;
      schedule();
      return true;
    },
    get waiting() {
      return waiting;
    },
  };
}
