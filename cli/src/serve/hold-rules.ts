// How long a request of the AI client waits for a link before it is answered without the broker.
import type { LinkView } from './link-view.ts';

/** A handshake, and a list that is known or whose broker is known to be away, waits this long before it is answered here. */
const AWAY_HOLD_MS = 250;
/** The same from when the broker was asked for the channel, on a link that is open: the broker may be slow, or the link half-open. */
export const OPENING_HOLD_MS = 1_000;
/** A list of which nothing is known waits this long for a link that is just coming up. */
const LIST_HOLD_MS = 2_000;
/** A call waits this long for a link that was there before, unless said, and that long for one that never was. */
const CALL_HOLD_MS = 30_000;
const CALL_HOLD_MAX_MS = 24 * 3_600_000;
const FIRST_CALL_HOLD_MS = 10_000;

/** `seconds`: MCPGATE_HOLD_SECONDS. */
export function callHoldMs(seconds: string | undefined): number {
  const ms = Number(seconds || Number.NaN) * 1000;
  return ms >= 0 ? Math.min(ms, CALL_HOLD_MAX_MS) : CALL_HOLD_MS;
}

/** `known`: there is a copy to answer with; `callMs`: how long a call waits for a link that was there before. */
export function holdMs(method: string | undefined, link: LinkView, known: boolean, callMs: number): number {
  const { state, wasOpen, away } = link;
  // It is open for as long as the client is there; nobody waits for its answer.
  if (method === 'subscriptions/listen' && state !== 'revoked') return Number.POSITIVE_INFINITY;
  if (state === 'login_needed' || state === 'revoked') return 0;
  const isIntroduction = method === 'initialize' || method === 'server/discover';
  if (method !== 'tools/call') return away || known || isIntroduction ? AWAY_HOLD_MS : LIST_HOLD_MS;
  return wasOpen ? callMs : Math.min(callMs, FIRST_CALL_HOLD_MS);
}
