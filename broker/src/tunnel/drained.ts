// When a broker that takes leave may go: nothing runs, every answer has been acknowledged, and whoever has a link has left its channels.
import type { Clock } from 'mcpgate-shared/clock';
import type { TunnelChannel } from './tunnel-channel.ts';

const LOOK_EVERY_MS = 10;
/** Clients leave as soon as nothing of theirs is under way; one that stays though idle is not waited for any longer. */
const LEAVE_MS = 3_000;

/** Whoever lost its link so lately may have lost a call with it, and is on its way back. */
const RETURN_MS = 5_000;

/** It waits for its link with something to finish, or to bring what was lost on the way. */
export const mayReturn = (channel: TunnelChannel, now: number) =>
  channel.slot === undefined &&
  (isUnfinished(channel) || (channel.detachedAt !== undefined && now - channel.detachedAt < RETURN_MS));

/** Something runs, or an answer has not been acknowledged. */
const isUnfinished = ({ session, channel }: TunnelChannel) => session.pending > 0 || channel.backlogBytes > 0;

/** Resolves when all have finished and left, at the latest after `limitMs`: true where they had. */
export function drained(
  channels: () => Iterable<TunnelChannel>,
  { clock, limitMs }: { clock: Clock; limitMs: number },
): Promise<boolean> {
  const endAt = clock.now() + limitMs;
  /** Since when each one with a link is idle. */
  const idleSince = new WeakMap<TunnelChannel, number>();

  const isWaitedFor = (channel: TunnelChannel): boolean => {
    if (isUnfinished(channel)) {
      idleSince.delete(channel);
      return true;
    }
    if (channel.slot === undefined) return mayReturn(channel, clock.now());
    const since = idleSince.get(channel) ?? clock.now();
    idleSince.set(channel, since);
    return clock.now() - since < LEAVE_MS;
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
