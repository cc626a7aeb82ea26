// Whether a hook is asked at all: one that does not answer is not waited for at each call. One question tries it again after a while, and the
// others are denied at once. A person whose questions alone are not answered shuts it for nobody else.
import type { Clock } from 'mcpgate-shared/clock';

/** `unreached`: nothing was reached; `silent`: it was reached, and did not answer in time. */
export type Failure = 'unreached' | 'silent';

export interface Circuit {
  /** `ask`; or from when on somebody may ask again, ms since the epoch. */
  enter(who: string): 'ask' | number;
  answered(who: string): void;
  failed(who: string, failure: Failure): void;
  /** Shut for everybody. */
  readonly isOpen: boolean;
}

const FAILURES = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const MOST_PEOPLE = 10_000;

interface Breaker {
  failures: number;
  /** 0: questions pass. */
  until: number;
  pauseMs: number;
  /** The one question that decides is under way. */
  isTrying: boolean;
}

const closed = (): Breaker => ({ failures: 0, until: 0, pauseMs: FIRST_PAUSE_MS, isTrying: false });

export function createCircuit(clock: Pick<Clock, 'now'>): Circuit {
  let everybody = closed();
  /** Whose questions have had no answer since the last answer to anybody. */
  let unanswered = new Set<string>();
  const people = new Map<string, Breaker>();

  /** The question that passes when the pause is over is the one that decides; the others wait for as long again. */
  function pass(breaker: Breaker): 'ask' | number {
    if (breaker.until === 0) return 'ask';
    if (clock.now() < breaker.until) return breaker.until;
    breaker.until = clock.now() + breaker.pauseMs;
    breaker.isTrying = true;
    return 'ask';
  }

  function fail(breaker: Breaker): void {
    breaker.failures += 1;
    if (breaker.failures < FAILURES) return;
    // Questions that were under way when it was shut make it no longer shut.
    if (breaker.until !== 0 && !breaker.isTrying) return;
    if (breaker.isTrying) breaker.pauseMs = Math.min(LONGEST_PAUSE_MS, breaker.pauseMs * 2);
    breaker.isTrying = false;
    breaker.until = clock.now() + breaker.pauseMs;
  }

  return {
    get isOpen() {
      return everybody.until !== 0;
    },
    enter(who) {
      const own = people.get(who);
      const mine = own === undefined ? 'ask' : pass(own);
      return mine === 'ask' ? pass(everybody) : mine;
    },
    answered(who) {
      people.delete(who);
      everybody = closed();
      unanswered = new Set();
    },
    failed(who, failure) {
      if (people.size >= MOST_PEOPLE) people.clear();
      const own = people.get(who) ?? closed();
      people.set(who, own);
      fail(own);
      if (unanswered.size < FAILURES) unanswered.add(who);
      if (failure === 'unreached' || unanswered.size > 1) fail(everybody);
    },
  };
}
