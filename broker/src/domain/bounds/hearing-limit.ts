// How long a broker may go on allowing calls while it hears nothing of the other brokers over its database: the one rule for the bus's connection
// and for `replicas`.
/** A revocation at another broker must hold at this one within about this time. */
const UNHEARD_LIMIT_MS = 1_000;
/** The longest time that a busy process may go without hearing anything. */
const BUSY_LIMIT_MS = 3_000;

/**
 * How many ms are left until the broker counts as deaf, after `unheardMs` without a message; 0: it is deaf. `busyMs`: the part of that time in
 * which this process was too busy to read its messages. The others were not silent then, so that time is added to the limit.
 */
export function hearingLeftMs(unheardMs: number, busyMs: number): number {
  return Math.max(0, Math.min(UNHEARD_LIMIT_MS + busyMs, BUSY_LIMIT_MS) - unheardMs);
}
