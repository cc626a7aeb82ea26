// Every channel of the broker, with or without a link: opening, resuming by secret, waiting for its link, ending.
import type { Clock } from 'mcpgate-shared/clock';
import type { OpenMessage } from 'mcpgate-shared/link-message';
import type { Principal } from '../domain/principal.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { openTunnelChannel, ownerOf, type TunnelChannel, type TunnelLimits } from './tunnel-channel.ts';

export type OpenResult =
  { kind: 'opened'; channel: TunnelChannel; resumed: boolean } | { kind: 'refused'; message: string };

export interface ChannelRegistry {
  /** Opens a channel, or takes one away from whatever link had it. */
  openOrResume(open: OpenMessage, principal: Principal): OpenResult;
  /** It has lost its link: it ends unless it is resumed within the window. */
  linger(channel: TunnelChannel): void;
  end(channel: TunnelChannel, reason: string): void;
  /** Ends all that match, at once; `closed` resolves when the outcome of every call is recorded. */
  endWhere(matches: (principal: Principal) => boolean, reason: string): { calls: number; closed: Promise<void> };
  readonly size: number;
  readonly pending: number;
  readonly backlogBytes: number;
}

export function createChannelRegistry(options: {
  gateway: Gateway;
  clock: Clock;
  limits: TunnelLimits;
  onError: (error: unknown) => void;
}): ChannelRegistry {
  const { clock, limits, onError } = options;
  const channels = new Map<string, TunnelChannel>();

  const close = (channel: TunnelChannel, reason: string): Promise<void> => {
    if (channels.get(channel.id) === channel) channels.delete(channel.id);
    channel.cancelExpiry?.();
    channel.slot?.left(channel);
    return channel.session.close(reason);
  };
  const end = (channel: TunnelChannel, reason: string): void => {
    close(channel, reason).catch(onError);
  };
  const sum = (of: (channel: TunnelChannel) => number) => {
    let total = 0;
    for (const channel of channels.values()) total += of(channel);
    return total;
  };

  return {
    openOrResume(open, principal) {
      const known = channels.get(open.id);
      if (known) {
        if (known.owner !== ownerOf(principal) || !known.secretMatches(open.secret)) {
          return { kind: 'refused', message: 'this channel belongs to somebody else' };
        }
        known.cancelExpiry?.();
        known.cancelExpiry = undefined;
        known.slot?.left(known); // the link before is fenced off
        return { kind: 'opened', channel: known, resumed: true };
      }
      const channel = openTunnelChannel({
        open,
        principal,
        gateway: options.gateway,
        clock,
        limits,
        onFatal(broken, message) {
          broken.slot?.fatal(broken, message);
          end(broken, message.message);
        },
      });
      channels.set(open.id, channel);
      return { kind: 'opened', channel, resumed: false };
    },
    linger(channel) {
      channel.cancelExpiry?.();
      channel.cancelExpiry = clock.after(limits.resumeMs, () => end(channel, 'no link within the resume window'));
    },
    end,
    endWhere(matches, reason) {
      const closing: Promise<void>[] = [];
      let calls = 0;
      for (const channel of [...channels.values()]) {
        if (!matches(channel.principal)) continue;
        calls += channel.session.pending;
        closing.push(close(channel, reason));
      }
      return { calls, closed: Promise.all(closing).then(() => undefined) };
    },
    get size() {
      return channels.size;
    },
    get pending() {
      return sum((channel) => channel.session.pending);
    },
    get backlogBytes() {
      return sum((channel) => channel.channel.backlogBytes + channel.channel.heldBytes);
    },
  };
}
