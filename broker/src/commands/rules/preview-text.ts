// What a change of rules would do, as lines for people.
import type {
  AccessChange,
  CallsChange,
  PreviewedDecision,
  Replay,
  RulePreview,
} from 'mcpgate-shared/api/rules/previews';
import { localTime } from 'mcpgate-shared/local-time';
import { plainLine } from 'mcpgate-shared/plain-line';
import { counted } from '../terminal/counted.ts';

const MOST_SHOWN = 20;
const WORDS: Readonly<Record<PreviewedDecision, string>> = {
  allow: 'allowed',
  deny: 'denied',
  ask: 'asked first',
  would_deny: 'only logged as would_deny',
};

const decisionsText = (decisions: readonly PreviewedDecision[]): string =>
  decisions.map((each) => WORDS[each]).join(' or ');

/** The first few, and how many more. */
export function few(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map(plainLine).join(', ');
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}

/** Without the recorded calls. */
export function accessLines({ access, people, things, never_listed, left_out, as_enforced }: RulePreview): string[] {
  const none = `  nobody gains or loses anything (people and grants: ${people}; known things: ${things})`;
  return [
    ...(as_enforced ? ['  (enforcement is not on: this is what it would be with `enforcement enforce`)'] : []),
    ...(access.length === 0 ? [none] : []),
    ...access.slice(0, MOST_SHOWN).map(accessLine),
    ...(access.length > MOST_SHOWN
      ? [`  … and ${counted(access.length - MOST_SHOWN, 'line')} more: --json has them`]
      : []),
    ...(left_out > 0 ? [`  ! ${left_out} pairs of a person and a thing are not shown`] : []),
    ...(never_listed.length > 0 ? [`  ! never listed, so what they offer is not known: ${few(never_listed, 10)}`] : []),
  ];
}

function accessLine({ direction, who, what, before, after }: AccessChange): string {
  const sign = { gains: '+', loses: '-', other: '~' }[direction];
  const verb = { gains: who.length === 1 ? 'gains' : 'gain', loses: who.length === 1 ? 'loses' : 'lose', other: ':' }[
    direction
  ];
  return `  ${sign} ${few(who, 5)} ${verb} ${few(what, 5)} (${decisionsText(before)} → ${decisionsText(after)})`;
}

export function replayLines(replay: Replay): string[] {
  const { judged, changed, unknown, gone, since, changes, unknowns, people, tools, stopped_at, left_out } = replay;
  return [
    `since ${localTime(since)}: ${counted(judged, 'call')} looked at, ${changed} would be decided otherwise (${people.length === 1 ? '1 person' : `${people.length} people`}, ${counted(tools.length, 'tool')})`,
    ...changes.slice(0, MOST_SHOWN).map((line) => callsLine('~', line)),
    ...(unknown === 0
      ? []
      : [`  ? ${counted(unknown, 'call')} of which the log does not say enough (values of arguments, addresses):`]),
    ...unknowns.slice(0, MOST_SHOWN).map((line) => callsLine('?', line)),
    ...(gone === 0 ? [] : [`  ${counted(gone, 'call')} of people, grants or servers that are not there any more`]),
    ...(left_out === 0 ? [] : [`  ! ${counted(left_out, 'call')} of further lines are counted and not shown`]),
    ...(stopped_at === null ? [] : [`  ! there are more: calls after ${localTime(stopped_at)} were not looked at`]),
  ];
}

function callsLine(sign: string, { who, what, before, after, calls, last }: CallsChange): string {
  return `  ${sign} ${plainLine(who)} · ${plainLine(what)}: ${counted(calls, 'call')}, ${decisionsText(before)} → ${decisionsText(after)}, last ${localTime(last)}`;
}
