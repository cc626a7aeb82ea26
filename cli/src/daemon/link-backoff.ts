// Computes how long a lost link waits before its next try: exponential back-off with full jitter; less where the broker will soon be back or calls
// wait for it, more where this end caused the close.
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';

const FIRST_MS = 250;
const MAX_MS = 30_000;
/** Close codes for faults of this end. The first of them counts like `FIRST_BLAMED_ATTEMPT` failed tries. */
const BLAMING: ReadonlySet<number> = new Set([
  CLOSE_CODE.protocol,
  CLOSE_CODE.tooLarge,
  CLOSE_CODE.version,
  CLOSE_CODE.tooMany,
]);
const FIRST_BLAMED_ATTEMPT = 4;
/** A link that was open for this long is not counted as a fault. */
const STABLE_MS = 60_000;
/** The longest wait, and for how long it holds, after a broker has drained: it will soon be back. */
const HURRY_MAX_MS = 1_000;
const HURRY_MS = 60_000;
/** The longest wait, and for how long it holds, after a sudden loss: calls are held for 30 s, and the link should be back before they fail. */
const HELD_MAX_MS = 5_000;
const HELD_MS = 60_000;

export interface LinkBackoff {
  /** Notes that a link was closed that was open for `openMs`; returns whether this end caused it. */
  lost(code: number, openMs: number): 'this_end' | 'nobody';
  /** Forgets earlier failures. */
  reset(): void;
  /** Counts a try and returns how long to wait before it. `toldMs`: the wait that a full broker has asked for, which is varied at random. */
  nextMs(toldMs?: number): number;
}

/** `random`: a number from 0 to 1. `isHurried`: begins as after a broker has drained. */
export function createLinkBackoff(options: { clock: Clock; random: () => number; isHurried: boolean }): LinkBackoff {
  const { clock } = options;
  let attempt = 0;
  /** How often in a row the broker closed the link because of a fault of this end. */
  let blamed = 0;
  let heldUntil = clock.now() + HELD_MS;
  let hurryUntil = options.isHurried ? clock.now() + HURRY_MS : 0;
  return {
    lost(code, openMs) {
      heldUntil = clock.now() + HELD_MS;
      if (code === CLOSE_CODE.draining) hurryUntil = clock.now() + HURRY_MS;
      if (BLAMING.has(code)) {
        // The next link would probably fail in the same way, so the tries must be slow.
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
