// When a broker that takes leave may go: nothing runs, every answer has been acknowledged, and whoever has a link has left its channels.
import type { Clock } from 'mcpgate-shared/clock';
import type { TunnelChannel } from './tunnel-channel.ts';

const LOOK_EVERY_MS = 10;
/** It waits for its link, with something to finish. What was lost on the way to it is sent to the next broker. */
export const mayReturn = (channel: TunnelChannel) => channel.slot === undefined && isUnfinished(channel);

/** Something runs, or an answer has not been acknowledged. */
const isUnfinished = ({ session, channel }: TunnelChannel) => session.pending > 0 || channel.backlogBytes > 0;

/** Resolves when all have finished and left, at the latest after `limitMs`: true where they had. */
export function drained(
  channels: () => Iterable<TunnelChannel>,
  { clock, limitMs, leaveMs }: { clock: Clock; limitMs: number; leaveMs: number },
): Promise<boolean> {
  const endAt = clock.now() + limitMs;
  /** Since when each one with a link is idle. */
  const idleSince = new WeakMap<TunnelChannel, number>();

  const isWaitedFor = (channel: TunnelChannel): boolean => {
    if (isUnfinished(channel)) {
      idleSince.delete(channel);
      return true;
    }
    if (channel.slot === undefined) return false;
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
