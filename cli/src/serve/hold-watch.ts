// Looks after what waits, for a link, a login or the end of a channel that cannot be resumed for ever: ends each wait when its time is over,
// and sets the one timer for the next.
import type { Clock } from 'mcpgate-shared/clock';
import { callHoldMs, holdMs, OPENING_HOLD_MS } from './hold-rules.ts';
import type { LastKnown } from './last-known.ts';
import type { LinkView } from './link-view.ts';
import type { LoginWait } from './login-wait.ts';
import type { MovingChannel } from '../channel/moving-channel.ts';
import type { Entry, OpenRequests } from './open-requests.ts';
import type { ResumableChannel } from '../channel/resumable-channel.ts';

/** What a person would log in for. */
const CALLS: readonly (string | undefined)[] = ['tools/call', 'prompts/get', 'resources/read'];

export const isCall = ({ method }: { method: string | undefined }): boolean => CALLS.includes(method);

export interface HoldWatch {
  /** Answers what has waited for long enough, and looks again when the next one has. */
  look(): void;
  /** Nothing waits any more. */
  stop(): void;
}

export interface HoldWatchOptions {
  clock: Clock;
  link: LinkView;
  requests: OpenRequests;
  channel: MovingChannel;
  loginWait: LoginWait;
  lastKnown: LastKnown;
  /** MCPGATE_HOLD_SECONDS: how long a call waits for a broker that was there before. */
  holdSeconds: string | undefined;
  /** It has waited for long enough; `why`: only the link's own reason is known where undefined. */
  onDue(entry: Entry, why: string | undefined): void;
  /** The channel can no longer be resumed. */
  onExpired(channel: ResumableChannel): void;
}

export function createHoldWatch({
  clock,
  link,
  requests,
  channel,
  loginWait,
  ...options
}: HoldWatchOptions): HoldWatch {
  const callMs = callHoldMs(options.holdSeconds);
  let cancelTimer: (() => void) | undefined;

  /** What was sent waits for as long as the broker keeps the channel; after a revocation the broker has ended it. */
  const resumeUntil = (one: ResumableChannel) => (link.state === 'revoked' ? 0 : one.resumeUntil);

  const isKnown = (entry: Entry) => options.lastKnown.read(entry) !== undefined;

  function dueAt(entry: Entry): number {
    if (link.state === 'login_needed' && isCall(entry)) return loginWait.until(entry);
    if (link.state === 'open' && entry.method !== 'tools/call') {
      return isKnown(entry) ? channel.current.askedAt + OPENING_HOLD_MS : Number.POSITIVE_INFINITY;
    }
    return entry.since + holdMs(entry.method, link, isKnown(entry), callMs);
  }

  function stop(): void {
    cancelTimer?.();
    cancelTimer = undefined;
  }

  function look(): void {
    stop();
    const now = clock.now();
    for (const one of channel.lingering) if (now >= resumeUntil(one)) options.onExpired(one);
    const { lingering } = channel;
    if (channel.current.attached && lingering.length === 0) return;
    const needsLogin = link.state === 'login_needed';
    if (needsLogin) {
      for (const entry of requests.values()) if (entry.via !== undefined && isCall(entry)) loginWait.until(entry);
    }
    for (const entry of requests.release((each) => now >= dueAt(each)))
      options.onDue(entry, needsLogin ? loginWait.reason : undefined);
    let next = Number.POSITIVE_INFINITY;
    for (const entry of requests.waiting) next = Math.min(next, dueAt(entry));
    if (requests.size > requests.waiting.length) for (const one of lingering) next = Math.min(next, resumeUntil(one));
    const nextMs = next - now;
    if (Number.isFinite(nextMs)) cancelTimer = clock.after(Math.max(1, nextMs), look);
  }

  return { look, stop };
}
