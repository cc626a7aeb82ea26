// The broker's end of one channel: the resumable channel, the gateway session behind it, and the secret that a resume must show.
import { timingSafeEqual } from 'node:crypto';
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/link/channel';
import type { LargeMessage } from 'mcpgate-shared/link/channel-incoming';
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { CloseMessage, OpenMessage } from 'mcpgate-shared/link/link-message';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import { ownerOf } from '../../domain/owner-of.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Gateway, GatewaySession } from '../../gateway/gateway.ts';
import { createLargeReader } from '../../message/large-reader.ts';
import { LARGE_BYTES, partsOf } from '../../message/pieces.ts';
import { hashOfSecret } from '../handoff/departures.ts';
import type { OwnerMemory } from './owner-memory.ts';
import { PEER_LIMITS, type PeerLimits } from '../link/peer-limits.ts';

export interface TunnelLimits extends PeerLimits {
  windowBytes: number;
  backlogBytes: number;
  maxMessageBytes: number;
  /** How long a channel waits for its link. */
  resumeMs: number;
  /** While draining: clients leave as soon as nothing of theirs is under way; one that stays though idle is waited for no longer than this. */
  leaveMs: number;
}

export const TUNNEL_LIMITS: TunnelLimits = { ...CHANNEL_DEFAULTS, ...PEER_LIMITS, leaveMs: 3_000 };

/** What carries a channel at the moment: a number of a link. */
export interface Carrier {
  ready(channel: TunnelChannel): void;
  /** The carrier lost something: the peer is told to open anew. */
  broken(channel: TunnelChannel, reason: string): void;
  /** The channel is over: the peer is told why. */
  fatal(channel: TunnelChannel, close: CloseMessage): void;
  /** Another link has it now. This one is fenced off, and told: should its peer be the living one, it takes the channel back. */
  taken(channel: TunnelChannel): void;
  /** It has ended. */
  left(channel: TunnelChannel): void;
  /** Its peer is said to be elsewhere: a link that does not answer at once is dead. */
  doubted(): void;
}

export interface TunnelChannel {
  readonly id: string;
  /** Who opened it; only the same may resume. */
  readonly owner: string;
  readonly principal: Principal;
  readonly channel: Channel;
  readonly session: GatewaySession;
  secretMatches(secret: string): boolean;
  /** False: with `bytes` more, all channels of its owner would keep too much. */
  admits(bytes: number): boolean;
  carrier: Carrier | undefined;
  number: number;
  /** Cancels the end of its life without a link. */
  cancelExpiry: (() => void) | undefined;
  /** Since when it waits for a link, ms since the epoch. */
  detachedAt: number | undefined;
  /** How far it has got. */
  end(): ChannelEnd;
  /** It was left by this run of a broker, and takes nothing any more: it only says what its peer has still to hear. */
  readonly leftBy: string | undefined;
}

/** What remains of the session of a channel that was left. */
const ENDED_SESSION: GatewaySession = {
  id: 'ended',
  pending: 0,
  receive: () => undefined,
  receiveCut: () => undefined,
  close: () => Promise.resolve(),
};

const bytesOf = (parts: readonly Buffer[]) => parts.reduce((sum, part) => sum + part.length, 0);

export function openTunnelChannel(options: {
  open: OpenMessage;
  principal: Principal;
  gateway: Gateway;
  clock: Clock;
  limits: TunnelLimits;
  memory: OwnerMemory;
  /** It goes on with what another broker, or this one, has left of it. */
  left?: { by: string; taken: number; kept: KeptFragments };
  /** The channel is over: nothing can be sent on it any more. */
  onFatal: (channel: TunnelChannel, close: CloseMessage) => void;
}): TunnelChannel {
  const { open, principal, limits, memory, left } = options;
  const secretHash = hashOfSecret(open.secret);

  /** In order: messages behind it come when it has ended, for its fragments come first. */
  const readLarge = (first: readonly Buffer[]): LargeMessage => {
    const reader = createLargeReader(first);
    return {
      feed: (bytes) => reader.feed(bytes),
      end() {
        const read = reader.end();
        if (typeof read === 'string') session.receive(read);
        else session.receive(read.text, read.pieces);
      },
    };
  };

  const channel = createChannel({
    clock: options.clock,
    windowBytes: limits.windowBytes,
    backlogBytes: limits.backlogBytes,
    maxMessageBytes: limits.maxMessageBytes,
    ...(left !== undefined && { left: { nextReceive: left.taken, kept: left.kept } }),
    onMessage: (message) => session.receive(message.toString('utf8')),
    large: { fromBytes: LARGE_BYTES, open: readLarge },
    onOversize: (head, tail) => session.receiveCut(head.toString('utf8'), tail.toString('utf8')),
    onReady: () => self.carrier?.ready(self),
    onBroken: (reason) => self.carrier?.broken(self, reason),
    onFatal: (code, message) => options.onFatal(self, { code, message }),
  });
  const openSession = () =>
    options.gateway.open({
      principal,
      ...(open.server === undefined ? {} : { server: open.server }),
      ...(open.tools === undefined ? {} : { tools: open.tools }),
      send(text, pieces) {
        const message = partsOf(text, pieces);
        if (memory.admits(bytesOf(message))) channel.send(message);
        else options.onFatal(self, { code: 'overflow', message: 'too much waits for the readers of this login' });
      },
    });
  const session = left === undefined ? openSession() : ENDED_SESSION;
  // What comes is not consumed, and so neither acknowledged nor counted as taken: the peer sends it again elsewhere.
  if (left !== undefined) channel.pause();
  const self: TunnelChannel = {
    id: open.id,
    owner: ownerOf(principal),
    principal,
    channel,
    session,
    admits: (bytes) => memory.admits(bytes),
    secretMatches: (given) => timingSafeEqual(hashOfSecret(given), secretHash),
    carrier: undefined,
    number: 0,
    cancelExpiry: undefined,
    detachedAt: undefined,
    end: () => ({
      id: open.id,
      owner: self.owner,
      secretHash: secretHash.toString('hex'),
      taken: channel.nextReceive,
    }),
    leftBy: left?.by,
  };
  return self;
}
