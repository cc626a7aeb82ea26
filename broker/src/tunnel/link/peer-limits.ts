// What one peer may take of the broker. Each bound is far above what daemons do and far below what hurts the others.
import type { Rate } from 'mcpgate-shared/rate-bound';

export interface PeerLimits {
  /** Channels that one link may hold. */
  channelsPerLink: number;
  /** Channels of one credential, those that wait for their link included. */
  channelsPerOwner: number;
  linksPerOwner: number;
  /** Upgrades of one credential. */
  upgrades: Rate;
  /** What all channels of one credential may keep in memory: answers for the peer, messages that have partly come. */
  memoryPerOwnerBytes: number;
  /** A peer that asks and does not read what it is answered: past this many bytes in its socket the link ends. */
  socketBytes: number;
  opens: Rate;
  /** Control messages: token renewals. */
  controls: Rate;
  pings: Rate;
  /** How often a link is looked at, and pinged. */
  heartbeatMs: number;
  /** Nothing was heard for this long: the link is dead. */
  silentMs: number;
  /** Nothing of what waits in the socket was taken for this long: the peer does not read. */
  stalledMs: number;
}

export const PEER_LIMITS: PeerLimits = {
  channelsPerLink: 1000,
  channelsPerOwner: 2000,
  linksPerOwner: 250,
  upgrades: { burst: 500, perSecond: 20 },
  memoryPerOwnerBytes: 256 * 1024 * 1024,
  socketBytes: 2 * 1024 * 1024,
  opens: { burst: 2000, perSecond: 50 }, // after a cut, all channels of a daemon come at once
  controls: { burst: 20, perSecond: 0.5 },
  pings: { burst: 100, perSecond: 10 },
  heartbeatMs: 6_000,
  silentMs: 13_000,
  stalledMs: 30_000,
};
