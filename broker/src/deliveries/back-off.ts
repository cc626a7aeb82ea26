// How long to wait before the next attempt.

const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;
/** No receiver is waited for longer than that, whatever it says. */
const MOST_ASKED_MS = 3_600_000;

/** `tried`: how often before this attempt. `random`: from 0 to 1; half of the pause is left to it, so that receivers are not stormed. */
export function pauseMs(tried: number, retryAfterMs: number | undefined, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tried, 30));
  const own = Math.round(whole / 2 + (whole / 2) * random);
  return Math.max(own, Math.min(MOST_ASKED_MS, retryAfterMs ?? 0));
}
