// The one rule for how long a broker may go on without hearing of what others change, or without having read it again.
/** A revocation elsewhere must hold here within about this time. */
const UNHEARD_LIMIT_MS = 1_000;
/** However busy the process is: longer than this nobody can say that it hears. */
const BUSY_LIMIT_MS = 3_000;

/**
 * How long it may still last, at most, before nothing is allowed any more; 0: it is too long. `busyMs`: for so much of the time the process
 * had too much else to do to hear anything, which is no silence of the others.
 */
export function hearableForMs(unheardMs: number, busyMs: number): number {
  return Math.max(0, Math.min(UNHEARD_LIMIT_MS + busyMs, BUSY_LIMIT_MS) - unheardMs);
}
