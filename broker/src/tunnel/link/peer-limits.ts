// How much of the broker one link or one credential may use. Each bound is far above what daemons need and far below what would harm others.
import type { Rate } from 'mcpgate-shared/rate-bound';

export interface PeerLimits {
  channelsPerLink: number;
  /** Channels of one credential, including those that have no link at the moment. */
  channelsPerOwner: number;
  linksPerOwner: number;
  /** WebSocket upgrades of one credential. */
  upgrades: Rate;
  /** Memory for all channels of one credential: unacknowledged answers, and messages that have partly arrived. */
  memoryPerOwnerBytes: number;
  /** With more than this many unsent bytes in its socket a link ends: its daemon sends requests but does not read the answers. */
  socketBytes: number;
  opens: Rate;
  /** Control messages, which are token renewals. */
  controls: Rate;
  pings: Rate;
  /** How often each link is checked and pinged. */
  heartbeatMs: number;
  /** A link on which nothing has arrived for this long is dead. */
  silentMs: number;
  /** A link whose socket has sent none of its waiting bytes for this long ends: the daemon does not read. */
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
