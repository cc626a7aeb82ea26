// Decides when a draining broker may end: no call runs, every answer has been acknowledged, and clients with a link have left their channels.
import type { Clock } from 'mcpgate-shared/clock';
import type { TunnelChannel } from '../channels/tunnel-channel.ts';

const LOOK_EVERY_MS = 10;
/** How long a channel without a link is waited for, where all that is missing is an acknowledgement: the answer may have arrived all the same. */
const ACKNOWLEDGE_MS = 10_000;

export type DrainedChannel = Pick<TunnelChannel, 'carrier' | 'detachedAt'> & {
  session: Pick<TunnelChannel['session'], 'pending'>;
  channel: Pick<TunnelChannel['channel'], 'backlogBytes'>;
};

/** Whether a channel has lost its link and has something to finish, so that its laptop may come back for it. */
export const mayReturn = (channel: DrainedChannel) => channel.carrier === undefined && isUnfinished(channel);

/** A call runs, or an answer has not been acknowledged. */
const isUnfinished = ({ session, channel }: DrainedChannel) => session.pending > 0 || channel.backlogBytes > 0;

/** Resolves true as soon as all channels are finished and left, or false after `limitMs`. */
export function drained(
  channels: () => Iterable<DrainedChannel>,
  { clock, limitMs, leaveMs }: { clock: Clock; limitMs: number; leaveMs: number },
): Promise<boolean> {
  const startedAt = clock.now();
  const endAt = startedAt + limitMs;
  /** Since when each channel with a link has been idle (ms since the epoch). */
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
