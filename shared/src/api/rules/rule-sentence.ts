// A rule as a sentence, as lists and messages show it.
import type { Limit, Rule } from '../rules.ts';

type Told = Pick<Rule, 'effect' | 'who' | 'except' | 'what' | 'when' | 'limits' | 'until' | 'observe' | 'approvers'>;

/**
 * `timeText`: of its end; left out: in universal time, which is the same wherever it is kept and read.
 *
 * `allow group:eng to call write:github, except group:interns, when args.amount <= 500, at most 10 a minute per person, until 2026-12-01 18:00Z`
 */
export function ruleSentence(
  { effect, who, except, what, when, limits, until, observe, approvers }: Told,
  timeText: (iso: string) => string = universalTime,
): string {
  const people = listed(who.map((each) => (each === '*' ? 'everybody' : each)));
  const things = `${verbFor(what)} ${listed(what.map((each) => (each === '*' ? 'anything' : each)))}`;
  const main =
    effect === 'ask'
      ? `ask ${approvers.length === 0 ? 'somebody' : listed(approvers, 'or')} before ${people} may ${things}`
      : effect === 'deny'
        ? `deny ${people} to ${things}`
        : `allow ${people} to ${things}`;
  return [
    main,
    ...(except.length === 0 ? [] : [`except ${listed(except)}`]),
    ...(when === null ? [] : [`when ${when}`]),
    ...limits.map(limitText),
    ...(until === null ? [] : [`until ${timeText(until)}`]),
    ...(observe ? ['only observed'] : []),
  ].join(', ');
}

/** `at most 10 a minute per person`, `args.amount at most 500 a day for all together` */
export function limitText({ most, within_ms: withinMs, per, sum }: Limit): string {
  const whose = { person: 'per person', group: 'per group', rule: 'for all together' }[per];
  return `${sum === null ? '' : `${sum} `}at most ${most} ${spanText(withinMs)} ${whose}`;
}

const SPANS = [
  [7 * 86_400_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

function spanText(ms: number): string {
  const exact = SPANS.find(([span]) => span === ms);
  if (exact !== undefined) return `${exact[1] === 'hour' ? 'an' : 'a'} ${exact[1]}`;
  const [span, unit] = SPANS.find(([each]) => ms % each === 0) ?? [1, 'millisecond'];
  return `in ${ms / span} ${unit}s`;
}

/** `2026-12-01 18:00Z`, with seconds where there are any, and never less. */
function universalTime(time: string): string {
  const [, day, minute, rest] = /^(\S+)T(\d\d:\d\d)(?::00)?(:\d\d)?\.\d+Z$/.exec(new Date(time).toISOString()) ?? [];
  return day === undefined ? time : `${day} ${minute}${rest ?? ''}Z`;
}

function verbFor(what: readonly string[]): string {
  if (what.every((each) => each.startsWith('resource:'))) return 'read';
  return what.some((each) => /^(\*$|prompt:|resource:|bundle:|read:)/.test(each)) ? 'use' : 'call';
}

function listed(words: readonly string[], last = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
