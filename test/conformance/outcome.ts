// What became of one scenario on each way, and whether mcpgate lost something that the direct way has.
import type { LegName, UpstreamKind } from './legs.ts';
import { whyNotCarried } from './not-carried.ts';
import type { Checks } from './suites.ts';

export interface LegOutcome {
  readonly leg: LegName;
  readonly checks: Checks;
  /** How what was said differs from the direct way; empty there. */
  readonly differences: readonly string[];
  /** What the suite printed. */
  readonly output: string;
}

export interface ScenarioOutcome {
  readonly set: string;
  readonly role: 'server' | 'client';
  readonly scenario: string;
  /** What was behind mcpgate. */
  readonly upstream: UpstreamKind;
  /** Without the direct one where mcpgate alone is judged. */
  readonly legs: readonly LegOutcome[];
  /** Why it does not apply, where it does not; it has no legs then. */
  readonly notRun?: string;
}

export type Verdict = 'passed' | 'failed' | 'differs' | 'excused' | 'nothing checked';

/** The checks that fail here. */
export const failedChecks = ({ checks }: LegOutcome): string[] =>
  [...checks].filter(([, status]) => status === 'FAILURE').map(([id]) => id);

/** The checks that pass directly and do not pass here. */
export function lostChecks(direct: LegOutcome, leg: LegOutcome): string[] {
  return [...direct.checks]
    .filter(([id, status]) => status === 'SUCCESS' && leg.checks.get(id) !== 'SUCCESS')
    .map(([id]) => id);
}

/** The checks that are not passed, where there is no direct way to compare with: what a client should do counts, too. */
export const unpassedChecks = ({ checks }: LegOutcome): string[] =>
  [...checks].filter(([, status]) => status === 'FAILURE' || status === 'WARNING').map(([id]) => id);

export function verdictOf(outcome: ScenarioOutcome, leg: LegOutcome): Verdict {
  if (leg.checks.size === 0) return leg.leg === 'direct' ? 'nothing checked' : 'failed';
  if (leg.leg === 'direct') return failedChecks(leg).length > 0 ? 'failed' : checked(leg);
  const direct = outcome.legs.find((one) => one.leg === 'direct');
  if (direct === undefined) {
    const unpassed = unpassedChecks(leg);
    if (unpassed.length === 0) return checked(leg);
    return whyNotCarried(outcome, leg.leg, unpassed, []) === undefined ? 'failed' : 'excused';
  }
  const lost = lostChecks(direct, leg);
  if (lost.length === 0 && leg.differences.length === 0) return failedChecks(leg).length > 0 ? 'failed' : checked(leg);
  if (whyNotCarried(outcome, leg.leg, lost, leg.differences) !== undefined) return 'excused';
  return lost.length > 0 ? 'failed' : 'differs';
}

/** Whether mcpgate loses, on this way, what works directly, or fails where it alone is judged. */
export function isLoss(outcome: ScenarioOutcome, leg: LegOutcome): boolean {
  const direct = outcome.legs.find((one) => one.leg === 'direct');
  if (direct === undefined) return verdictOf(outcome, leg) === 'failed';
  if (direct === leg || verdictOf(outcome, leg) === 'excused') return false;
  return lostChecks(direct, leg).length > 0 || leg.differences.length > 0;
}

const checked = ({ checks }: LegOutcome): Verdict =>
  [...checks.values()].some((status) => status === 'SUCCESS') ? 'passed' : 'nothing checked';
