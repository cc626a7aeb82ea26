// When a broker that takes leave may go: nothing runs, every answer has been acknowledged, and whoever has a link has left its channels.
import type { Clock } from 'mcpgate-shared/clock';
import type { TunnelChannel } from '../channels/tunnel-channel.ts';

const LOOK_EVERY_MS = 10;
/** Who has only an acknowledgement left to send comes back within this time, or does not know that it is missing. */
const ACKNOWLEDGE_MS = 10_000;

export type DrainedChannel = Pick<TunnelChannel, 'carrier' | 'detachedAt'> & {
  session: Pick<TunnelChannel['session'], 'pending'>;
  channel: Pick<TunnelChannel['channel'], 'backlogBytes'>;
};

/** It waits for its link, with something to finish. What was lost on the way to it is sent to the next broker. */
export const mayReturn = (channel: DrainedChannel) => channel.carrier === undefined && isUnfinished(channel);

/** Something runs, or an answer has not been acknowledged. */
const isUnfinished = ({ session, channel }: DrainedChannel) => session.pending > 0 || channel.backlogBytes > 0;

/** Resolves when all have finished and left, at the latest after `limitMs`: true where they had. */
export function drained(
  channels: () => Iterable<DrainedChannel>,
  { clock, limitMs, leaveMs }: { clock: Clock; limitMs: number; leaveMs: number },
): Promise<boolean> {
  const startedAt = clock.now();
  const endAt = startedAt + limitMs;
  /** Since when each one with a link is idle. */
  const idleSince = new WeakMap<DrainedChannel, number>();

  const isWaitedFor = (channel: DrainedChannel): boolean => {
    const { carrier, session, detachedAt = startedAt } = channel;
    const awayMs = clock.now() - Math.max(detachedAt, startedAt);
    if (carrier === undefined && session.pending === 0 && awayMs > ACKNOWLEDGE_MS) return false;
    if (isUnfinished(channel)) {
      idleSince.delete(channel);
      return true;
    }
    if (carrier === undefined) return false;
    const since = idleSince.get(channel) ?? clock.now();
    idleSince.set(channel, since);
    return clock.now() - since < leaveMs;
  };

  return new Promise((resolve) => {
    const look = () => {
      let isWaiting = false;
      for (const channel of channels()) isWaiting = isWaitedFor(channel) || isWaiting;
      if (!isWaiting) resolve(true);
      else if (clock.now() >= endAt) resolve(false);
      else setTimeout(look, LOOK_EVERY_MS);
    };
    look();
  });
}
