// The broker's end of one channel: the resumable channel, the gateway session behind it, and the secret that a resume must show.
import { createHash, timingSafeEqual } from 'node:crypto';
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/channel';
import type { Clock } from 'mcpgate-shared/clock';
import type { CloseMessage, OpenMessage } from 'mcpgate-shared/link-message';
import type { Principal } from '../domain/principal.ts';
import type { Gateway, GatewaySession } from '../gateway/gateway.ts';

export interface TunnelLimits {
  windowBytes: number;
  backlogBytes: number;
  maxMessageBytes: number;
  /** How long a channel waits for its link. */
  resumeMs: number;
  /** Channels that one link may hold. */
  channelsPerLink: number;
}

export const TUNNEL_LIMITS: TunnelLimits = { ...CHANNEL_DEFAULTS, channelsPerLink: 1000 };

/** What carries a channel at the moment: one slot of a link. */
export interface Slot {
  ready(channel: TunnelChannel): void;
  /** The carrier lost something: the peer is told to open anew. */
  broken(channel: TunnelChannel, reason: string): void;
  /** The channel is over: the peer is told why. */
  fatal(channel: TunnelChannel, close: CloseMessage): void;
  /** It has gone elsewhere, or ended. */
  left(channel: TunnelChannel): void;
}

export interface TunnelChannel {
  readonly id: string;
  /** Who opened it; only the same may resume. */
  readonly owner: string;
  readonly principal: Principal;
  readonly channel: Channel;
  readonly session: GatewaySession;
  secretMatches(secret: string): boolean;
  slot: Slot | undefined;
  number: number;
  /** Cancels the end of its life without a link. */
  cancelExpiry: (() => void) | undefined;
}

/** The same person, the same credential, the same workspace. */
export function ownerOf(principal: Principal): string {
  return JSON.stringify([
    principal.workspaceId,
    principal.user?.id,
    principal.credential.kind,
    principal.credential.id,
  ]);
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();

export function openTunnelChannel(options: {
  open: OpenMessage;
  principal: Principal;
  gateway: Gateway;
  clock: Clock;
  limits: TunnelLimits;
  /** The channel is over: nothing can be sent on it any more. */
  onFatal: (channel: TunnelChannel, close: CloseMessage) => void;
}): TunnelChannel {
  const { open, principal, limits } = options;
  const digest = digestOf(open.secret);

  const channel = createChannel({
    clock: options.clock,
    windowBytes: limits.windowBytes,
    backlogBytes: limits.backlogBytes,
    maxMessageBytes: limits.maxMessageBytes,
    onMessage: (message) => session.receive(message.toString('utf8')),
    onReady: () => self.slot?.ready(self),
    onBroken: (reason) => self.slot?.broken(self, reason),
    onFatal: (code, message) => options.onFatal(self, { code, message }),
  });
  const session = options.gateway.open({
    principal,
    ...(open.server === undefined ? {} : { server: open.server }),
    send: (text) => channel.send(Buffer.from(text, 'utf8')),
  });
  const self: TunnelChannel = {
    id: open.id,
    owner: ownerOf(principal),
    principal,
    channel,
    session,
    secretMatches: (given) => timingSafeEqual(digestOf(given), digest),
    slot: undefined,
    number: 0,
    cancelExpiry: undefined,
  };
  return self;
}
