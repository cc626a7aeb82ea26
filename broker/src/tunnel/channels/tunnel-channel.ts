// The broker's end of one channel: joins the channel with the gateway session behind it, and checks the secret that a resume must show.
import { timingSafeEqual } from 'node:crypto';
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/link/channel';
import type { LargeMessage } from 'mcpgate-shared/link/channel-incoming';
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { CloseMessage, OpenMessage } from 'mcpgate-shared/link/link-message';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import { ownerOf } from '../../domain/people/owner-of.ts';
import type { Principal } from '../../domain/people/principal.ts';
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
  /** How long a channel without a link is kept. */
  resumeMs: number;
  /** While the broker drains, clients leave their channels as soon as nothing runs on them. An idle channel is waited for no longer than this. */
  leaveMs: number;
}

export const TUNNEL_LIMITS: TunnelLimits = { ...CHANNEL_DEFAULTS, ...PEER_LIMITS, leaveMs: 3_000 };

/** A channel's way to its laptop at the moment: one number on one link. */
export interface Carrier {
  /** Where the laptop is. */
  readonly address: string;
  /** The channel has frames to send. */
  ready(channel: TunnelChannel): void;
  /** A frame was lost or made up: tells the laptop to resume the channel. */
  broken(channel: TunnelChannel, reason: string): void;
  /** The channel has failed: tells the laptop why. */
  fatal(channel: TunnelChannel, close: CloseMessage): void;
  /** Another link has taken the channel over. Tells the laptop on this link, which takes the channel back should it be the one that is alive. */
  takenOver(channel: TunnelChannel): void;
  /** The channel has ended: forgets it. */
  ended(channel: TunnelChannel): void;
  /** Has the laptop open a page of this broker; false: it cannot. */
  openPage(url: string): boolean;
  /** Another broker says that the laptop is there now: pings it, and gives the link up where no answer comes soon. */
  checkAlive(): void;
}

export interface TunnelChannel {
  readonly id: string;
  /** The person, credential and workspace that opened the channel (`owner-of.ts`); only the same may resume it. */
  readonly owner: string;
  readonly principal: Principal;
  readonly channel: Channel;
  readonly session: GatewaySession;
  secretMatches(secret: string): boolean;
  /** False: with `bytes` more, the channels of this owner would take too much memory together. */
  admits(bytes: number): boolean;
  carrier: Carrier | undefined;
  /** The channel's number on the link of its carrier. */
  number: number;
  /** While the channel has no link: cancels the timer that ends it. */
  cancelExpiry: (() => void) | undefined;
  /** Since when the channel has no link (ms since the epoch). */
  detachedAt: number | undefined;
  /** Up to which message the channel was read, as it is recorded at its end. */
  end(): ChannelEnd;
  /** The run of a broker that gave this channel up. Such a channel reads no messages any more; it only delivers the answers that were kept. */
  readonly leftBy: string | undefined;
}

/** Stands for the session of a channel that was given up: it has ended. */
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
  /**
   * The channel was given up by the broker run `by`, which had read everything before sequence number `taken`; `kept`: its answers that were
   * not acknowledged.
   */
  left?: { by: string; taken: number; kept: KeptFragments };
  /** The channel has failed, and nothing can be sent on it any more. */
  onFatal: (channel: TunnelChannel, close: CloseMessage) => void;
}): TunnelChannel {
  const { open, principal, limits, memory, left } = options;
  const secretHash = hashOfSecret(open.secret);

  /** Reads a large message while its fragments arrive. Later messages wait behind it, because their fragments come later. */
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
  /** While the channel has no link it is taken to be where its last one came from. */
  let lastAddress: string | undefined;
  const openSession = () =>
    options.gateway.open({
      principal,
      ...(open.server === undefined ? {} : { server: open.server }),
      ...(open.tools === undefined ? {} : { tools: open.tools }),
      address: () => (lastAddress = self.carrier?.address ?? lastAddress),
      openPage: (url) => self.carrier?.openPage(url) ?? false,
      send(text, pieces) {
        const message = partsOf(text, pieces);
        if (memory.admits(bytesOf(message))) channel.send(message);
        else options.onFatal(self, { code: 'overflow', message: 'too much waits for the readers of this login' });
      },
    });
  const session = left === undefined ? openSession() : ENDED_SESSION;
  // A paused channel acknowledges nothing, so the laptop sends again, at another broker, whatever it sends here.
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
