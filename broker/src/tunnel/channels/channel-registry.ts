// All channels of the broker: opens and resumes them, keeps those that have lost their link for the resume window, and ends them.
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { CloseMessage, OpenMessage } from 'mcpgate-shared/link/link-message';
import { ownerOf } from '../../domain/people/owner-of.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { EndedChannels } from '../handoff/ended-channels.ts';
import type { RejectMeter } from '../link/reject-meter.ts';
import { createOwnerMemory, type OwnerMemory } from './owner-memory.ts';
import { openTunnelChannel, type TunnelChannel, type TunnelLimits } from './tunnel-channel.ts';

export const NOT_YOURS = 'this channel belongs to somebody else';

export type OpenResult =
  | { kind: 'opened'; channel: TunnelChannel; resumed: boolean }
  /** The broker is draining and opens no new channel. */
  | { kind: 'leaving' }
  | { kind: 'refused'; why: 'channel_secret' | 'too_many_channels' | 'sequence'; message: string };

export type LeftBehind = NonNullable<Parameters<typeof openTunnelChannel>[0]['left']>;

/** The channels of one credential, and the bound on the memory that they take together. */
interface Owner {
  channels: Set<TunnelChannel>;
  memory: OwnerMemory;
}

export interface ChannelRegistry {
  has(id: string): boolean;
  find(id: string): TunnelChannel | undefined;
  /**
   * Opens a channel, or takes a known one over from the link that had it. `left`: a broker gave the channel up earlier, and these are the
   * answers that its laptop has not got yet.
   */
  openOrResume(open: OpenMessage, principal: Principal, left?: LeftBehind): OpenResult;
  /** From now on no new channel is opened; known ones can still be resumed. */
  stopOpening(): void;
  /**
   * Gives up all channels when the broker ends, and accepts no more messages on them; their sessions run on. Tells each laptop to go on at
   * another broker and up to which message its channel was read, except where answers wait for it: these are delivered first, by the next
   * broker. Returns the channels.
   */
  leave(message: string): readonly TunnelChannel[];
  /** Ends a channel whose laptop goes on at another broker; returns the fragments that the laptop has not acknowledged, if any. */
  giveUp(channel: TunnelChannel): KeptFragments | undefined;
  /** Ends a channel that was given up earlier, if its laptop has acknowledged everything by now; returns whether it has. */
  settle(channel: TunnelChannel): boolean;
  /** Keeps a channel that has lost its link, and ends it unless it is resumed within the resume window. */
  linger(channel: TunnelChannel): void;
  end(channel: TunnelChannel, reason: string): void;
  /** Ends a channel and tells its laptop why. */
  fail(channel: TunnelChannel, message: CloseMessage): void;
  /**
   * Ends all channels whose principal matches, at once. `calls`: how many calls were under way; `closed` resolves when the outcome of each is
   * recorded.
   */
  endWhere(matches: (principal: Principal) => boolean, reason: string): { calls: number; closed: Promise<void> };
  readonly all: Iterable<TunnelChannel>;
  readonly size: number;
  readonly pending: number;
  /** Bytes that were sent and that laptops have not acknowledged. */
  readonly backlogBytes: number;
  /** Bytes that have arrived and that the broker has not read yet. */
  readonly heldBytes: number;
  /** Bytes of messages whose end has not arrived yet. */
  readonly partialBytes: number;
}

/** The fragments that the laptop has not acknowledged; undefined where there are none. */
export const keptOf = ({ channel }: TunnelChannel): KeptFragments | undefined =>
  channel.backlogBytes === 0 ? undefined : channel.kept();

const keptBytes = ({ channel }: TunnelChannel) => channel.backlogBytes + channel.heldBytes + channel.partialBytes;

export function createChannelRegistry(options: {
  gateway: Gateway;
  clock: Clock;
  limits: TunnelLimits;
  meter: RejectMeter;
  ended: EndedChannels;
  onError: (error: unknown) => void;
}): ChannelRegistry {
  const { clock, limits, meter, ended, onError } = options;
  let mayOpen = true;
  const channels = new Map<string, TunnelChannel>();
  const owners = new Map<string, Owner>();

  const ownerFor = (name: string): Owner => {
    const known = owners.get(name);
    if (known) return known;
    const own = new Set<TunnelChannel>();
    const measure = () => {
      let total = 0;
      for (const channel of own) total += keptBytes(channel);
      return total;
    };
    const made: Owner = { channels: own, memory: createOwnerMemory(limits.memoryPerOwnerBytes, measure) };
    owners.set(name, made);
    return made;
  };

  const close = (channel: TunnelChannel, reason: string): Promise<void> => {
    if (channels.get(channel.id) === channel) channels.delete(channel.id);
    const owner = owners.get(channel.owner);
    if (owner?.channels.delete(channel) && owner.channels.size === 0) owners.delete(channel.owner);
    channel.cancelExpiry?.();
    channel.carrier?.ended(channel);
    if (channel.leftBy === undefined) ended.add(channel.end());
    return channel.session.close(reason);
  };
  const end = (channel: TunnelChannel, reason: string): void => {
    close(channel, reason).catch(onError);
  };
  const fail = (channel: TunnelChannel, message: CloseMessage): void => {
    const { user, credential, workspaceId } = channel.principal;
    const reason = message.code === 'too_large' ? 'too_large' : 'memory';
    meter.rejected(reason, { user: user?.name, credential: credential.label, workspaceId }, message.message);
    channel.carrier?.fatal(channel, message);
    end(channel, message.message);
  };
  /** Makes room for one more channel by ending the oldest one that has no link. False: all of them have one. */
  const makeRoom = (owner: Owner): boolean => {
    if (owner.channels.size < limits.channelsPerOwner) return true;
    for (const channel of owner.channels) {
      if (channel.carrier !== undefined) continue;
      end(channel, 'too many channels of this login wait for their links');
      return true;
    }
    return false;
  };
  const sum = (of: (channel: TunnelChannel) => number) => {
    let total = 0;
    for (const channel of channels.values()) total += of(channel);
    return total;
  };

  return {
    has: (id) => channels.has(id),
    find: (id) => channels.get(id),
    openOrResume(open, principal, left) {
      const known = channels.get(open.id);
      if (known) {
        if (known.owner !== ownerOf(principal) || !known.secretMatches(open.secret)) {
          return { kind: 'refused', why: 'channel_secret', message: NOT_YOURS };
        }
        if (!known.channel.couldAttach(open.next)) {
          return { kind: 'refused', why: 'sequence', message: 'the acknowledgement does not fit what was sent' };
        }
        known.cancelExpiry?.();
        known.cancelExpiry = undefined;
        known.detachedAt = undefined;
        known.carrier?.takenOver(known);
        return { kind: 'opened', channel: known, resumed: true };
      }
      if (!mayOpen && left === undefined) return { kind: 'leaving' };
      const ownerName = ownerOf(principal);
      if (!makeRoom(ownerFor(ownerName))) {
        const message = `one login has at most ${limits.channelsPerOwner} channels`;
        return { kind: 'refused', why: 'too_many_channels', message };
      }
      const owner = ownerFor(ownerName);
      const channel = openTunnelChannel({
        memory: owner.memory,
        open,
        principal,
        gateway: options.gateway,
        clock,
        limits,
        ...(left !== undefined && { left }),
        onFatal: fail,
      });
      channels.set(open.id, channel);
      owner.channels.add(channel);
      return { kind: 'opened', channel, resumed: left !== undefined };
    },
    stopOpening() {
      mayOpen = false;
    },
    leave(message) {
      mayOpen = false;
      const all = [...channels.values()];
      for (const channel of all) {
        const { carrier } = channel;
        carrier?.ended(channel);
        if (channel.leftBy !== undefined) continue; // it is in the store already, where the next broker finds it
        const end = channel.end();
        if (channel.channel.backlogBytes === 0) carrier?.fatal(channel, { code: 'gone', message, taken: end.taken });
        ended.add(end);
      }
      channels.clear();
      return all;
    },
    giveUp(channel) {
      const kept = keptOf(channel);
      end(channel, 'its AI client goes on at another broker');
      return kept;
    },
    settle(channel) {
      if (channel.leftBy === undefined || channel.channel.backlogBytes > 0) return false;
      channel.carrier?.fatal(channel, { code: 'done', message: 'it has ended', taken: channel.end().taken });
      end(channel, 'its peer has heard everything');
      return true;
    },
    linger(channel) {
      // It is in the store, where the next resume finds it as this one did.
      if (channel.leftBy !== undefined) return end(channel, 'its link was lost');
      channel.detachedAt = clock.now();
      channel.cancelExpiry?.();
      channel.cancelExpiry = clock.after(limits.resumeMs, () => end(channel, 'no link within the resume window'));
    },
    end,
    fail,
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
    get all() {
      return channels.values();
    },
    get size() {
      return channels.size;
    },
    get pending() {
      return sum((channel) => channel.session.pending);
    },
    get backlogBytes() {
      return sum(({ channel }) => channel.backlogBytes);
    },
    get heldBytes() {
      return sum(({ channel }) => channel.heldBytes);
    },
    get partialBytes() {
      return sum(({ channel }) => channel.partialBytes);
    },
  };
}
