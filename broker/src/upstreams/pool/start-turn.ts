// When one caller may start a connection: a short back-off is waited for, a longer one is an error that says how long; while another try
// decides about the server, that is waited for.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { CircuitBreaker } from './circuit-breaker.ts';

/** A back-off that ends so soon is waited for by a call instead of failing it. */
const PATIENCE_MS = 1_000;
const TIMER_SLACK_MS = 20;

export interface StartTurnOptions {
  serverName: string;
  clock: Clock;
  /** Of the place, and of all places of the server where it has more than one. */
  breaker: CircuitBreaker;
  serverBreaker: CircuitBreaker | undefined;
  /** Why the last start failed here. */
  lastError(): GateError | undefined;
}

/** Of one caller: what to wait for before it asks again; undefined: it may start. Throws where it would have to wait for long. */
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
