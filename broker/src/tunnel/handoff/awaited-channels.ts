// Waits for channels that another broker still has while their laptops have come to this one. It asks the other broker over the bus, which
// puts each channel into the store as soon as no call runs on it (`handover.ts`). The wait ends without a channel where the other broker is
// gone or takes too long.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../../domain/bus.ts';
import type { WantedChannel } from '../../domain/channel-end.ts';
import type { Store } from '../../store/store.ts';

const LOOK_EVERY_MS = 250;
/** How often a request is repeated: a message of the bus may be lost, and the other broker forgets a request after a while (`handover.ts`). */
const ASK_EVERY_MS = 2_000;
/** How many channels fit into one message of the bus. */
const ASKED_AT_ONCE = 12;

interface Awaited {
  broker: string;
  wanted: WantedChannel;
  until: number;
  askedAt: number | undefined;
  /** True: the laptop has gone, so the wait can end. */
  isOver: () => boolean;
  done: () => void;
}

export interface AwaitedChannels {
  /** Waits for one channel of `broker`. Resolves when it is worth looking into the store: the channel may be there, or it will never be. */
  until(broker: string, wanted: WantedChannel, isOver: () => boolean): Promise<void>;
  readonly size: number;
  close(): void;
}

export function createAwaitedChannels(options: {
  bus: Pick<Bus, 'publish' | 'others'>;
  store: Store['leftChannels'];
  clock: Clock;
  limitMs: number;
  onError: (error: unknown) => void;
}): AwaitedChannels {
  const { bus, store, clock } = options;
  const awaited = new Set<Awaited>();
  let cancelLook: (() => void) | undefined;
  let isLooking = false;
  let isFailing = false;
  let isClosed = false;

  const finish = (one: Awaited): void => {
    if (awaited.delete(one)) one.done();
  };

  const isThere = (broker: string) => bus.others().some(({ name }) => name === broker);

  const ask = async (): Promise<void> => {
    const now = clock.now();
    const due = new Set([...awaited].filter(({ askedAt }) => askedAt === undefined || now - askedAt >= ASK_EVERY_MS));
    let hasComeRound = false;
    for (const [broker, all] of Map.groupBy(due, (each) => each.broker)) {
      for (let at = 0; at < all.length; at += ASKED_AT_ONCE) {
        // After one message it is known which brokers there are: a laptop that makes up names causes no more messages.
        if (hasComeRound && !isThere(broker)) break;
        const some = all.slice(at, at + ASKED_AT_ONCE);
        await bus.publish({ kind: 'wanted', broker, channels: some.map(({ wanted }) => wanted) });
        for (const each of some) each.askedAt = now;
        hasComeRound = true;
      }
    }
    // The message has come back over the bus, so it is known which brokers there are. One that has left wrote its channels into the store first.
    for (const each of awaited) {
      const isAsked = each.askedAt !== undefined || (hasComeRound && due.has(each));
      if (isAsked && !isThere(each.broker)) finish(each);
    }
  };

  const find = async (): Promise<void> => {
    const brokers = [...new Set([...awaited].map(({ broker }) => broker))];
    const found = await store.amongst({ brokers, ids: [...awaited].map(({ wanted }) => wanted.id) });
    for (const each of awaited) if (found.has(each.broker) || found.has(each.wanted.id)) finish(each);
  };

  const look = async (): Promise<void> => {
    const now = clock.now();
    for (const each of awaited) if (each.isOver() || now >= each.until) finish(each);
    let failure: unknown;
    const onFailure = (error: unknown) => void (failure = error);
    await ask().catch(onFailure); // channels in the store are found even where the other brokers cannot be asked
    await find().catch(onFailure);
    if (failure !== undefined && !isFailing) options.onError(failure); // the next look tries again
    isFailing = failure !== undefined;
  };

  const run = async (): Promise<void> => {
    if (isLooking || isClosed) return;
    isLooking = true;
    cancelLook?.();
    await look();
    isLooking = false;
    cancelLook = awaited.size === 0 || isClosed ? undefined : clock.after(LOOK_EVERY_MS, () => void run());
  };

  return {
    until: (broker, wanted, isOver) =>
      new Promise((resolve) => {
        const until = clock.now() + options.limitMs;
        awaited.add({ broker, wanted, until, askedAt: undefined, isOver, done: resolve });
        void run();
      }),
    get size() {
      return awaited.size;
    },
    close() {
      isClosed = true;
      cancelLook?.();
      for (const each of awaited) finish(each);
    },
  };
}
