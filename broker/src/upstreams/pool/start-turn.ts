// Decides when a caller may start a connection. A short back-off is waited for; a longer one is an error that says how long it is; and while
// another caller's try decides about the server (half-open), that try is waited for.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { CircuitBreaker } from './circuit-breaker.ts';

/** The longest back-off that a call waits for; a longer one fails the call. */
const PATIENCE_MS = 1_000;
const TIMER_SLACK_MS = 20;

export interface StartTurnOptions {
  serverName: string;
  clock: Clock;
  /** The breaker of the place. */
  breaker: CircuitBreaker;
  /** The breaker of all places of the server together, where it has more than one. */
  serverBreaker: CircuitBreaker | undefined;
  /** Why the last start of this place failed. */
  lastError(): GateError | undefined;
}

/**
 * For one caller: a function that returns undefined where it may start now, else a promise to wait for before it asks again. It throws `upstream`
 * where the back-off is longer than the caller's patience.
 */
export function createStartTurn(options: StartTurnOptions): () => Promise<unknown> | undefined {
  const { clock, breaker, serverBreaker } = options;
  let patienceMs = PATIENCE_MS;
  return () => {
    const waitMs = Math.max(breaker.retryAt, serverBreaker?.retryAt ?? 0) - clock.now();
    if (waitMs > patienceMs) throw notYet(options, Math.ceil(waitMs / 1000));
    if (waitMs <= 0) return serverBreaker?.probe;
    patienceMs = TIMER_SLACK_MS;
    return new Promise<void>((resolve) => clock.after(waitMs, resolve));
  };
}

function notYet({ serverName, breaker, lastError }: StartTurnOptions, seconds: number): GateError {
  const cause = lastError();
  const why = cause?.message ?? `server ${serverName} did not start for others`;
  const often = breaker.flapping ? ` (it ended by itself ${breaker.losses} times within ten minutes)` : '';
  return new GateError('upstream', `${why}${often}; tried again in ${seconds} s`, {
    cause,
    retryAfterMs: seconds * 1000,
  });
}
