// Says when a server that failed may be tried again: soon after the first failures, then ever later, and by one try at a time. The breaker only
// counts; the slot, which connects, asks it before each try and tells it what came of it.
import type { Clock } from 'mcpgate-shared/clock';

/** `closed`: the server may be tried. `open`: not before `retryAt`. `half-open`: the next try, or the one under way, decides. */
export type Circuit = 'closed' | 'open' | 'half-open';

export interface CircuitBreaker {
  readonly circuit: Circuit;
  /** When the server may be tried again, ms since the epoch; a time in the past means now. */
  readonly retryAt: number;
  /** How often a connection ended by itself within the last ten minutes. */
  readonly losses: number;
  /** Whether connections are made, and end by themselves again and again. */
  readonly flapping: boolean;
  /** While the breaker is half-open: the try under way, for which other callers wait. Never rejects. */
  readonly probe: Promise<unknown> | undefined;
  /** Makes `attempt` the probe, until it is settled. */
  probedBy(attempt: Promise<unknown>): void;
  /** A start failed. Returns in how many ms the next one may be made. */
  failed(): number;
  /** A start succeeded; only time shows whether it stays. */
  connected(): void;
  /** A connection ended by itself after `livedMs`. Returns as `failed` does. */
  lost(livedMs: number): number;
  /** Forgets all failures, because a secret or the record has changed. */
  reset(): void;
}

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 60_000;
/** So many failures in a row open the circuit. */
const OPEN_AFTER = 3;
/** A connection that lives longer ends the row of failures. */
const STABLE_MS = 10_000;
const FLAP_WINDOW_MS = 600_000;
const FLAP_LOSSES = 4;

/** `random`: from 0 to 1. Half of each back-off is left to it, so that servers which failed together are not tried together. */
export function createCircuitBreaker({ clock, random }: { clock: Clock; random: () => number }): CircuitBreaker {
  let failures = 0;
  let retryAt = 0;
  let isConnected = false;
  let lostAt: number[] = [];
  let probe: Promise<unknown> | undefined;

  function backOff(): number {
    isConnected = false;
    failures++;
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
    const backoffMs = Math.round(longest * (0.5 + random() / 2));
    retryAt = clock.now() + backoffMs;
    return backoffMs;
  }

  const recentLosses = (): number => lostAt.filter((at) => at > clock.now() - FLAP_WINDOW_MS).length;

  return {
    get circuit() {
      if (isConnected || failures < OPEN_AFTER) return 'closed';
      return clock.now() < retryAt ? 'open' : 'half-open';
    },
    get retryAt() {
      return retryAt;
    },
    get losses() {
      return recentLosses();
    },
    get flapping() {
      return recentLosses() >= FLAP_LOSSES;
    },
    get probe() {
      return probe;
    },
    probedBy(attempt) {
      const over = () => (probe = undefined);
      probe = attempt.then(over, over);
    },
    failed: backOff,
    connected() {
      isConnected = true;
      retryAt = 0;
    },
    lost(livedMs) {
      lostAt = [...lostAt.slice(1 - 100), clock.now()];
      if (livedMs > STABLE_MS) failures = 0;
      return backOff();
    },
    reset() {
      failures = 0;
      retryAt = 0;
      lostAt = [];
    },
  };
}
