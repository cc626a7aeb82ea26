// What a run must reach, and how it is told.
import type { ChaosResult } from './chaos-run.ts';
import type { DoneFault } from './faults.ts';

const OK_SHARE = 0.95;

/** What is wrong with a run: the first difference, or the goal that it missed; undefined where nothing is. */
export function judge({ differences, wrong, ok, calls }: ChaosResult): string | undefined {
  const [first] = differences;
  if (first !== undefined) {
    const more = differences.length === 1 ? '' : ` (and ${differences.length - 1} more differences)`;
    return `call ${first.token}: ${first.what}: ${first.detail}${more}`;
  }
  if (wrong[0] !== undefined) return wrong[0];
  if (ok < calls * OK_SHARE) return `only ${ok} of ${calls} calls succeeded`;
  return undefined;
}

export function reportText({ faults, calls, ok, unknown, failed, progress, differences }: ChaosResult): string {
  const share = calls === 0 ? '0' : ((100 * ok) / calls).toFixed(1);
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  return [
    `faults     ${kinds.join(', ')}`,
    `calls      ${calls}: ${ok} ok (${share} %), ${unknown} with an unknown outcome, ${failed} failed; ${progress} progress notices`,
    `compared   asked, executed, answered and recorded: ${differences.length} differences`,
    '',
  ].join('\n');
}

/** The faults between two times, a line each. */
export function storyText(story: readonly DoneFault[], [from, to]: readonly [number, number]): string {
  const time = (ms: number) => new Date(ms).toISOString();
  return story
    .filter((fault) => fault.to >= from && fault.from <= to)
    .sort((a, b) => a.from - b.from)
    .map((fault) => `${time(fault.from)} to ${time(fault.to)} ${fault.kind}, strength ${fault.strength.toFixed(2)}`)
    .join('\n');
}
