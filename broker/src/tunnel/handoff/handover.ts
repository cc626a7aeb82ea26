// Hands channels of this broker over to another one that has their laptops and asks for them (`awaited-channels.ts`). A channel is given up as
// soon as it has lost its link here and no call runs on it. After that no message can arrive on it, so the record in the store is final.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../../domain/bus.ts';
import type { WantedChannel } from '../../domain/channel-end.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { EndedChannels } from './ended-channels.ts';
import type { Left, LeftChannels } from './left-channels.ts';

const LOOK_EVERY_MS = 50;
/** How long a request counts: the other broker repeats it every two seconds. */
const WANTED_MS = 7_000;

const isSame = (one: WantedChannel, other: WantedChannel) =>
  one.owner === other.owner && one.secretHash === other.secretHash;

/** Hands over the channels that other brokers ask for, until it is closed. */
export function createHandover(options: {
  broker: string;
  bus: Pick<Bus, 'listen'>;
  registry: ChannelRegistry;
  ended: EndedChannels;
  left: LeftChannels;
  clock: Clock;
  onError: (error: unknown) => void;
}): { close(): void } {
  const { registry, ended, left, clock } = options;
  /** The channels that are asked for: until when (ms since the epoch), by id. */
  const wanted = new Map<string, number>();
  let cancelLook: (() => void) | undefined;

  const write = (): void => {
    left.write().catch(options.onError); // the other broker asks again, and that repeats the write
  };
  const leave = (one: Left): void => {
    left.add(one);
    write();
  };

  const look = (): void => {
    const now = clock.now();
    for (const [id, until] of wanted) {
      const channel = registry.find(id);
      if (channel === undefined || now > until) wanted.delete(id);
      else if (channel.carrier === undefined && channel.session.pending === 0) {
        wanted.delete(id);
        const kept = registry.giveUp(channel);
        leave({ end: channel.end(), ...(kept !== undefined && { kept }) });
      }
    }
    cancelLook = wanted.size === 0 ? undefined : clock.after(LOOK_EVERY_MS, look);
  };

  /**
   * Answers for a channel that has ended or was never opened. One that was never opened is recorded as ended, so that a late `open` cannot
   * open it.
   */
  const leaveEnded = (asked: WantedChannel): void => {
    if (left.has(asked.id)) return write();
    const known = ended.find(asked.id);
    if (known === undefined && !ended.isComplete) return;
    const end = known ?? { ...asked, taken: 0 };
    if (!isSame(end, asked)) return;
    if (known === undefined) ended.add(end);
    leave({ end });
  };

  const stop = options.bus.listen((event) => {
    if (event.kind !== 'message' || event.message.kind !== 'wanted') return;
    if (event.message.broker !== options.broker) return;
    for (const asked of event.message.channels) {
      const channel = registry.find(asked.id);
      if (channel === undefined) leaveEnded(asked);
      else if (isSame(channel.end(), asked)) {
        wanted.set(asked.id, clock.now() + WANTED_MS);
        channel.carrier?.checkAlive();
      }
    }
    if (cancelLook === undefined) look();
  });

  return {
    close() {
      stop();
      cancelLook?.();
      wanted.clear();
    },
  };
}
