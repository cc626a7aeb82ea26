// The outcomes as a table for people, and as JSON.
import { stripVTControlCharacters } from 'node:util';
import { LEG_NAMES } from './legs.ts';
import {
  failedChecks,
  isLoss,
  lostChecks,
  unpassedChecks,
  verdictOf,
  type LegOutcome,
  type ScenarioOutcome,
  type Verdict,
} from './outcome.ts';

const MARKS: Record<Verdict, string> = {
  passed: '✓',
  failed: '✗',
  differs: '≠',
  excused: '~',
  'nothing checked': '–',
};

/** One line a scenario, one column a way; what was lost is said below its line, what does not apply at the end. */
export function tableOf(outcomes: readonly ScenarioOutcome[]): string {
  const legs = LEG_NAMES.filter((name) => outcomes.some((outcome) => outcome.legs.some(({ leg }) => leg === name)));
  const lines: string[] = [];
  let title = '';
  for (const outcome of outcomes.filter(({ notRun }) => notRun === undefined)) {
    const next = `${outcome.set} · ${outcome.role} scenarios`;
    if (next !== title) lines.push('', `${next.padEnd(54)}${legs.map((leg) => leg.padEnd(8)).join('')}`);
    title = next;
    const marks = legs.map((name) => {
      const leg = outcome.legs.find((one) => one.leg === name);
      return (leg === undefined ? '' : MARKS[verdictOf(outcome, leg)]).padEnd(8);
    });
    lines.push(
      `  ${outcome.scenario.padEnd(52)}${marks.join('')}`.trimEnd(),
      ...outcome.legs.flatMap((leg) => lossOf(outcome, leg)),
    );
  }
  return [...lines, ...notRunLines(outcomes)].join('\n').trimStart();
}

function notRunLines(outcomes: readonly ScenarioOutcome[]): string[] {
  const byReason = Map.groupBy(outcomes, ({ notRun }) => notRun);
  return [...byReason].flatMap(([reason, those]) =>
    reason === undefined
      ? []
      : ['', `Not run: ${reason}`, ...those.map(({ set, role, scenario }) => `  ${set} · ${role} · ${scenario}`)],
  );
}

/** ✓ and so on, explained. */
export const LEGEND = Object.entries(MARKS)
  .map(([verdict, mark]) => `${mark} ${verdict}`)
  .join('   ');

function lossOf(outcome: ScenarioOutcome, leg: LegOutcome): string[] {
  if (!isLoss(outcome, leg)) return [];
  const direct = outcome.legs.find((one) => one.leg === 'direct');
  const lost = direct === undefined ? unpassedChecks(leg) : lostChecks(direct, leg);
  return [
    ...(lost.length > 0
      ? [`      ${leg.leg}: ${direct === undefined ? 'not passed:' : 'lost'} ${lost.join(', ')}`]
      : []),
    ...leg.differences.slice(0, 4).map((line) => `      ${leg.leg}: ${line.slice(0, 500)}`),
    ...(leg.differences.length > 4 ? [`      ${leg.leg}: … ${leg.differences.length - 4} more`] : []),
  ];
}

/** Everything, for a program. */
export function jsonOf(outcomes: readonly ScenarioOutcome[]): string {
  const rows = outcomes.map((outcome) => ({
    ...outcome,
    legs: outcome.legs.map((leg) => ({
      leg: leg.leg,
      verdict: verdictOf(outcome, leg),
      loss: isLoss(outcome, leg),
      checks: Object.fromEntries(leg.checks),
      differences: leg.differences,
      ...((failedChecks(leg).length > 0 || isLoss(outcome, leg)) && { output: stripVTControlCharacters(leg.output) }),
    })),
  }));
  return JSON.stringify(rows, null, 2);
}
