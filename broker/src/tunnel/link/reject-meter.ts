// Counts what the tunnel refused and how links ended, and logs it at a limited rate, so that a flood does not fill the log.
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';
import type { Log } from '../../domain/log.ts';
import { createRefusalLog } from '../../domain/bounds/refusal-log.ts';

/** Why an upgrade, a frame or a link was refused: the label of `mcpgate_tunnel_rejected_total`. */
export type RejectReason =
  /** Refused before the upgrade. */
  | 'host'
  | 'token'
  | 'revoked'
  | 'version'
  | 'draining'
  | 'too_many_links'
  | 'unavailable'
  /** Broken WebSocket protocol: handshake, masks, opcodes, UTF-8. */
  | 'websocket'
  | 'text'
  | 'frame'
  | 'too_large'
  | 'unknown_channel'
  | 'open'
  | 'control'
  /** A resume of somebody else's channel, or with a wrong secret. */
  | 'channel_secret'
  | 'too_many_channels'
  | 'sequence'
  | 'memory'
  | 'rate'
  | 'renewal'
  | 'silent'
  | 'slow_reader';

const KNOWN_CODES: ReadonlySet<number> = new Set<number>([...Object.values(CLOSE_CODE), 1000, 1001, 1005, 1006, 1011]);

export interface RejectMeter {
  /** `who`: names for the log, never secrets. */
  rejected(reason: RejectReason, who: Refused, message: string): void;
  closed(code: number): void;
  readonly rejects: ReadonlyMap<RejectReason, number>;
  /** How many links ended, by close code; codes that mcpgate does not send count as `other`. */
  readonly closes: ReadonlyMap<string, number>;
}

/** What is told of a peer that was refused. `workspaceId`: undefined where nobody knows who it is. */
export interface Refused {
  user?: string | undefined;
  credential?: string | undefined;
  address?: string | undefined;
  workspaceId?: string | undefined;
}

export function createRejectMeter({
  log,
  clock,
  onRejected = () => undefined,
}: {
  log: Log;
  clock: Clock;
  onRejected?: (reason: RejectReason, who: Refused) => void;
}): RejectMeter {
  const refusals = createRefusalLog<RejectReason>({ log, clock });
  const closes = new Map<string, number>();
  return {
    rejects: refusals.counts,
    closes,
    rejected(reason, who, message) {
      const { workspaceId: workspace, ...named } = who;
      refusals.note(reason, { ...named, ...(workspace !== undefined && { workspace }) }, `tunnel: ${message}`);
      onRejected(reason, who);
    },
    closed(code) {
      const name = KNOWN_CODES.has(code) ? String(code) : 'other';
      closes.set(name, (closes.get(name) ?? 0) + 1);
    },
  };
}
