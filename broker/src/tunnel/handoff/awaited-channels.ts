// Channels of other brokers whose laptops are here now: each other broker is asked for them, and leaves each one in the store as soon as
// nothing runs on it. Where it is not there any more, or too long passes, nobody waits.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../../domain/bus.ts';
import type { WantedChannel } from '../../domain/channel-end.ts';
import type { Store } from '../../store/store.ts';

const LOOK_EVERY_MS = 250;
/** A message may be lost, and who is asked forgets after a while (`handover.ts`). */
const ASK_EVERY_MS = 2_000;
/** As many as fit into one message of the bus. */
const ASKED_AT_ONCE = 12;

interface Awaited {
  broker: string;
  wanted: WantedChannel;
  until: number;
  askedAt: number | undefined;
  /** Who asks has gone. */
  isOver: () => boolean;
  done: () => void;
}

export interface AwaitedChannels {
  /** Resolves when the store may know more of it, or nobody will: it is looked up then. */
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
        // One message is enough to know that others are not there, however many names a peer makes up.
        if (hasComeRound && !isThere(broker)) break;
        const some = all.slice(at, at + ASKED_AT_ONCE);
        await bus.publish({ kind: 'wanted', broker, channels: some.map(({ wanted }) => wanted) });
        for (const each of some) each.askedAt = now;
        hasComeRound = true;
      }
    }
    // What was said has come round: whoever is there is known, and who has left wrote down first what it left.
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
    await ask().catch(onFailure); // where the others cannot be asked, what they have left is found all the same
    await find().catch(onFailure);
    if (failure !== undefined && !isFailing) options.onError(failure); // it is tried again at the next look
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
