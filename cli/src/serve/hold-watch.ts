// Decides how long requests wait, for a link, for a login, or for a channel that may be resumed. Ends each wait when its time is over, with one timer
// for the next one.
import type { Clock } from 'mcpgate-shared/clock';
import type { LastKnown } from './last-known.ts';
import type { LinkView } from './link-view.ts';
import type { LoginWait } from './login-wait.ts';
import type { MovingChannel } from '../channel/moving-channel.ts';
import type { Entry, OpenRequests } from './open-requests.ts';
import type { ResumableChannel } from '../channel/resumable-channel.ts';

/** The methods for which a person is asked to log in. */
const CALLS: readonly (string | undefined)[] = ['tools/call', 'prompts/get', 'resources/read'];

export const isCall = ({ method }: { method: string | undefined }): boolean => CALLS.includes(method);

export interface HoldWatch {
  /** Ends the waits whose time is over, and sets the timer for the next one. */
  look(): void;
  /** Stops the timer, because nothing waits any more. */
  stop(): void;
}

export interface HoldWatchOptions {
  clock: Clock;
  link: LinkView;
  requests: OpenRequests;
  channel: MovingChannel;
  loginWait: LoginWait;
  lastKnown: LastKnown;
  /** MCPGATE_HOLD_SECONDS: how long a call waits for a link that was open before. */
  holdSeconds: string | undefined;
  /** The request has waited for long enough. `why`: what to tell the client; undefined: the link's own reason. */
  onDue(entry: Entry, why: string | undefined): void;
  /** The time in which the channel could be resumed is over. */
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

  /** Until when a channel can be resumed: for as long as the broker keeps it. After a revocation the broker has ended it. */
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

/** How long a handshake waits before `serve` answers it, and a list of which there is a copy or whose broker is known to be away. */
const AWAY_HOLD_MS = 250;
/** The same on an open link, from the `open` of the channel on: the broker may be slow, or the link half-open. */
const OPENING_HOLD_MS = 1_000;
/** How long a list without a copy waits for a link that is being opened. */
const LIST_HOLD_MS = 2_000;
/** How long a call waits for a link: by default, at most, and where there never was a link. */
const CALL_HOLD_MS = 30_000;
const CALL_HOLD_MAX_MS = 24 * 3_600_000;
const FIRST_CALL_HOLD_MS = 10_000;

/** How long a call waits for a link that was open before. `seconds`: MCPGATE_HOLD_SECONDS. */
function callHoldMs(seconds: string | undefined): number {
  const ms = Number(seconds || Number.NaN) * 1000;
  return ms >= 0 ? Math.min(ms, CALL_HOLD_MAX_MS) : CALL_HOLD_MS;
}

/** How long a request waits for a link before `serve` answers it. `known`: there is a copy to answer with. `callMs`: of `callHoldMs`. */
function holdMs(method: string | undefined, link: LinkView, known: boolean, callMs: number): number {
  const { state, wasOpen, away } = link;
  // This request stays open as long as the client runs, so no answer is expected.
  if (method === 'subscriptions/listen' && state !== 'revoked') return Number.POSITIVE_INFINITY;
  if (state === 'login_needed' || state === 'revoked') return 0;
  const isIntroduction = method === 'initialize' || method === 'server/discover';
  if (method !== 'tools/call') return away || known || isIntroduction ? AWAY_HOLD_MS : LIST_HOLD_MS;
  return wasOpen ? callMs : Math.min(callMs, FIRST_CALL_HOLD_MS);
}
