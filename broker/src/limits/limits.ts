// How much is left of the limits of rules. What was used stands in the store, so that a limit holds for all brokers together and after the end of any
// of them. A broker takes a block of the allowance from there in one transaction and spends it in memory; a block that is lost with its broker was
// spent, as far as anybody knows.
//
// A limit holds for any time of its length, and not from one full minute to the next: what was used is counted in slots of a sixtieth of that length,
// and a slot counts until its last moment is as long ago as the limit says. A block can only be spent within the slot that it was taken in.
import type { Clock } from 'mcpgate-shared/clock';
import type { LimitOf } from '../policy/verdict.ts';
import type { Store, Use } from '../store/store.ts';
import { createPaidCalls, type PaidCalls } from './paid-calls.ts';

export type Reserved =
  | {
      kind: 'reserved';
      /** A limit that only observes, and would have denied the call. */
      beyond: LimitOf | undefined;
      /** For a call that was not executed after all. */
      giveBack: () => void;
    }
  /** `retryAt`: when enough of it is free again, ms since the epoch; Infinity: never, because the call takes more than there ever is. */
  | { kind: 'exceeded'; limit: LimitOf; retryAt: number };

export interface Limits {
  /** Takes what a call needs of all of these, or nothing. Rejects `unavailable` where the store does not answer. */
  reserve(workspaceId: string, limits: readonly LimitOf[]): Reserved | Promise<Reserved>;
  /** Calls that have taken what they need, and come again in another round. */
  readonly paid: PaidCalls;
  /** How many calls were beyond a limit since the start, by workspace. */
  exceeded(): readonly { workspaceId: string; denied: number; observed: number }[];
  /** Gives back what was taken and not spent. */
  close(): Promise<void>;
}

const SLOTS = 60;
/** A block is this part of the whole allowance, where that is at least one call. */
const BLOCK_PART = 20;
/** How often what counts no more is forgotten. */
const SWEEP_MS = 600_000;

/** `slot`: the one that it was taken in, to which it may be given back. */
type Taken = { slot: number } | { retryAt: number };

interface Counter {
  take(amount: number): Taken | Promise<Taken>;
  giveBack(amount: number, slot: number): void;
  end(): Promise<void>;
}

export function createLimits(options: {
  store: Pick<Store, 'limits'>;
  clock: Pick<Clock, 'now' | 'after'>;
  onError: (error: unknown) => void;
}): Limits {
  const { clock } = options;
  const counters = new Map<string, { most: number; counter: Counter }>();

  function counterOf(workspaceId: string, limit: LimitOf): Counter {
    const { rule, place, subject: whose, most, withinMs, sum = null } = limit;
    // A rule can be changed: what was counted in slots of another length, or of another sum, says nothing of this allowance.
    const subject = JSON.stringify([whose, withinMs, sum]);
    const text = JSON.stringify([workspaceId, rule, place, subject]);
    const known = counters.get(text);
    if (known?.most === most) return known.counter;
    // The allowance is another one by now. What was used of it counts on; what its block still has is nobody's any more.
    known?.counter.end().catch(options.onError);
    const made = createCounter({
      ...{ most, withinMs, clock, onError: options.onError },
      change: (work) => options.store.limits.change({ workspaceId, rule, place, subject }, work),
      onIdle: () => void (counters.get(text)?.counter === made && counters.delete(text)),
    });
    counters.set(text, { most, counter: made });
    return made;
  }

  const beyond = new Map<string, { denied: number; observed: number }>();
  function counted(workspaceId: string, reserved: Reserved): Reserved {
    const isDenied = reserved.kind === 'exceeded';
    if (!isDenied && reserved.beyond === undefined) return reserved;
    const count = beyond.get(workspaceId) ?? { denied: 0, observed: 0 };
    count[isDenied ? 'denied' : 'observed'] += 1;
    beyond.set(workspaceId, count);
    return reserved;
  }

  /** Goes on with what the store has to be asked for. */
  async function reserveFrom(
    workspaceId: string,
    limits: readonly LimitOf[],
    first: Promise<Taken>,
    so: Progress,
  ): Promise<Reserved> {
    try {
      for (const [index, limit] of limits.entries()) {
        const counter = counterOf(workspaceId, limit);
        const ended = note(so, limit, counter, await (index === 0 ? first : counter.take(limit.amount)));
        if (ended !== undefined) return counted(workspaceId, ended);
      }
      return counted(workspaceId, reservedOf(so));
    } catch (error) {
      for (const each of so.back) each();
      throw error;
    }
  }

  const sweep = (): (() => void) =>
    clock.after(SWEEP_MS, () => {
      options.store.limits.sweep(clock.now()).catch(options.onError);
      cancelSweep = sweep();
    });
  let cancelSweep = sweep();

  return {
    reserve(workspaceId, limits) {
      const so: Progress = { back: [], beyond: undefined };
      for (const [index, limit] of limits.entries()) {
        const counter = counterOf(workspaceId, limit);
        const taken = counter.take(limit.amount);
        if (taken instanceof Promise) return reserveFrom(workspaceId, limits.slice(index), taken, so);
        const ended = note(so, limit, counter, taken);
        if (ended !== undefined) return counted(workspaceId, ended);
      }
      return counted(workspaceId, reservedOf(so));
    },
    paid: createPaidCalls(options.store, clock),
    exceeded: () => [...beyond].map(([workspaceId, count]) => ({ workspaceId, ...count })),
    async close() {
      cancelSweep();
      await Promise.all([...counters.values()].map(({ counter }) => counter.end()));
    },
  };
}

interface Progress {
  back: (() => void)[];
  beyond: LimitOf | undefined;
}

function note(so: Progress, limit: LimitOf, counter: Counter, taken: Taken): Reserved | undefined {
  if ('slot' in taken) {
    const { slot } = taken;
    so.back.push(() => counter.giveBack(limit.amount, slot));
    return undefined;
  }
  if (limit.observe) {
    so.beyond ??= limit;
    return undefined;
  }
  for (const each of so.back) each();
  return { kind: 'exceeded', limit, retryAt: taken.retryAt };
}

function reservedOf({ back, beyond }: Progress): Reserved {
  let isBack = false;
  return {
    kind: 'reserved',
    beyond,
    giveBack() {
      if (isBack) return;
      isBack = true;
      for (const each of back) each();
    },
  };
}

function createCounter(options: {
  most: number;
  withinMs: number;
  clock: Pick<Clock, 'now' | 'after'>;
  change: (work: (uses: readonly Use[]) => { uses: Use[]; overAt: number }) => Promise<void>;
  onIdle: () => void;
  onError: (error: unknown) => void;
}): Counter {
  const { most, withinMs, clock } = options;
  const slotMs = Math.max(1, Math.ceil(withinMs / SLOTS));
  const blockSize = Math.floor(most / BLOCK_PART);
  const slotNow = () => Math.floor(clock.now() / slotMs);
  const overAt = (slot: number) => (slot + 1) * slotMs + withinMs;
  /** What is left of the block, and in which slot it can be spent. */
  let block = { slot: slotNow(), left: 0 };
  let queue: Promise<unknown> = Promise.resolve();
  let cancelEnd: (() => void) | undefined;

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work, work);
    queue = done.catch(() => undefined);
    return done;
  }

  /** The uses that still count, with what was not spent of the block taken out of them. */
  function counted(uses: readonly Use[], unspent: { slot: number; left: number }): Use[] {
    const now = clock.now();
    return uses
      .filter(([slot]) => overAt(slot) > now)
      .map(([slot, amount]): Use => [slot, slot === unspent.slot ? Math.max(0, amount - unspent.left) : amount])
      .filter(([, amount]) => amount > 0);
  }

  async function takeBlock(amount: number): Promise<Taken> {
    const spent = spend(amount);
    if (spent !== undefined) return spent;
    const unspent = block;
    const slot = slotNow();
    let taken: Taken = { slot };
    let next = { slot, left: 0 };
    // Nothing of it is spent meanwhile. Where the store fails, it is lost: nobody knows whether it was given back.
    block = { slot, left: 0 };
    planEnd();
    await options.change((uses) => {
      const rest = counted(uses, unspent);
      const used = rest.reduce((sum, [, each]) => sum + each, 0);
      const free = most - used;
      next = { slot, left: 0 };
      if (!fits(amount, free)) {
        taken = { retryAt: freeAt(rest, amount) };
        return { uses: rest, overAt: lastOver(rest) };
      }
      taken = { slot };
      const size = Math.max(amount, Math.min(blockSize, free));
      next = { slot, left: size - amount };
      const mine = rest.find(([each]) => each === slot);
      const others = rest.filter(([each]) => each !== slot);
      const now: Use[] = [...others, [slot, (mine?.[1] ?? 0) + size]];
      return { uses: now, overAt: lastOver(now) };
    });
    block = next;
    return taken;
  }

  /** Takes from the block what it has. */
  function spend(amount: number): Taken | undefined {
    const { slot } = block;
    if (slot !== slotNow() || block.left < amount) return undefined;
    block.left -= amount;
    return { slot };
  }

  /** When uses have gone by so much that `amount` fits. `uses` may be in any order. */
  function freeAt(uses: readonly Use[], amount: number): number {
    if (isBeyondAlone({ amount, most })) return Infinity;
    let used = uses.reduce((sum, [, each]) => sum + each, 0);
    for (const [slot, each] of uses.toSorted(([a], [b]) => a - b)) {
      used -= each;
      if (fits(amount, most - used)) return overAt(slot);
    }
    return clock.now();
  }

  const lastOver = (uses: readonly Use[]): number => Math.max(clock.now(), ...uses.map(([slot]) => overAt(slot)));

  async function giveUp(): Promise<void> {
    const unspent = block;
    if (unspent.left <= 0) return;
    block = { slot: unspent.slot, left: 0 };
    await options.change((uses) => {
      const rest = counted(uses, unspent);
      return { uses: rest, overAt: lastOver(rest) };
    });
  }

  /** Once the slot is over, what is left of the block is somebody else's again. */
  function planEnd(): void {
    cancelEnd?.();
    const { slot } = block;
    cancelEnd = clock.after(Math.max(1, (slot + 1) * slotMs - clock.now()), () => {
      enqueue(giveUp).then(options.onIdle, (error: unknown) => {
        options.onIdle();
        options.onError(error);
      });
    });
  }

  return {
    take: (amount) => spend(amount) ?? enqueue(() => takeBlock(amount)),
    giveBack(amount, slot) {
      // Where calls are taken one by one, another broker may wait for this one.
      if (blockSize > 0 && slot === block.slot && slot === slotNow()) {
        block.left += amount;
        return;
      }
      const work = async () =>
        await options.change((uses) => {
          const rest = counted(uses, { slot, left: amount });
          return { uses: rest, overAt: lastOver(rest) };
        });
      enqueue(work).catch(options.onError);
    },
    async end() {
      cancelEnd?.();
      await enqueue(giveUp);
    },
  };
}

/** Whether a call takes more than there ever is. */
export const isBeyondAlone = ({ amount, most }: Pick<LimitOf, 'amount' | 'most'>): boolean => !fits(amount, most);

/** Sums of fractions are not exact: what is beyond by less than a billionth part is not beyond. */
function fits(amount: number, free: number): boolean {
  return amount <= free + Math.abs(free) * 1e-9 + 1e-9;
}
