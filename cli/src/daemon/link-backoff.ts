// How long a link that is away waits before its next try: exponential with full jitter, shorter where a broker is soon back or calls are
// held for it, longer where this end is at fault.
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';

const FIRST_MS = 250;
const MAX_MS = 30_000;
/** Closes that say that this end is at fault; the first is waited for as after so many failures. */
const BLAMING: ReadonlySet<number> = new Set([
  CLOSE_CODE.protocol,
  CLOSE_CODE.tooLarge,
  CLOSE_CODE.version,
  CLOSE_CODE.tooMany,
]);
const FIRST_BLAMED_ATTEMPT = 4;
/** A link that lived so long was no mistake. */
const STABLE_MS = 60_000;
/** After a broker's leave, which is a short one, it is looked for at this pace for so long. */
const HURRY_MAX_MS = 1_000;
const HURRY_MS = 60_000;
/** For so long after a loss that nobody announced calls are held, which end after 30 s: the way back is found while they wait. */
const HELD_MAX_MS = 5_000;
const HELD_MS = 60_000;

export interface LinkBackoff {
  /** A link that was open for `openMs` was closed: who is to blame, for what comes next. */
  lost(code: number, openMs: number): 'this_end' | 'nobody';
  /** The next try counts as the first one. */
  reset(): void;
  /** How long to wait for the next try, which is counted. `toldMs`: what a broker that is full has asked for; everybody comes at another time around it. */
  nextMs(toldMs?: number): number;
}

/** `random`: from 0 to 1. `isHurried`: as after a broker's leave. */
export function createLinkBackoff(options: { clock: Clock; random: () => number; isHurried: boolean }): LinkBackoff {
  const { clock } = options;
  let attempt = 0;
  /** How often in a row the broker ended the link for what came over it. */
  let blamed = 0;
  let heldUntil = clock.now() + HELD_MS;
  let hurryUntil = options.isHurried ? clock.now() + HURRY_MS : 0;
  return {
    lost(code, openMs) {
      heldUntil = clock.now() + HELD_MS;
      if (code === CLOSE_CODE.draining) hurryUntil = clock.now() + HURRY_MS;
      if (BLAMING.has(code)) {
        // The next link would say the same: it must not go round at full speed.
        heldUntil = 0;
        attempt = FIRST_BLAMED_ATTEMPT + blamed;
        blamed += 1;
        return 'this_end';
      }
      if (openMs > STABLE_MS) blamed = 0;
      return 'nobody';
    },
    reset() {
      attempt = 0;
    },
    nextMs(toldMs = 0) {
      const now = clock.now();
      const maxMs = now < hurryUntil ? HURRY_MAX_MS : now < heldUntil ? HELD_MAX_MS : MAX_MS;
      const ceiling = Math.min(maxMs, FIRST_MS * 2 ** attempt);
      attempt += 1;
      const own = options.random() * ceiling;
      return toldMs === 0 ? own : Math.max(own, toldMs * (0.5 + options.random()));
    },
  };
}
