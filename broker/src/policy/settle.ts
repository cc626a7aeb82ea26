// Makes the verdict on one call from the rules that are about it: deny, then ask, then allow; where none allows it, it is denied. A rule whose
// condition cannot be evaluated denies.
import type { Rule } from '../domain/rule.ts';
import { shown } from './readings.ts';
import type { CompiledRule, Matching, Standing } from './standing.ts';
import type { LimitOf, Undecided, Verdict } from './verdict.ts';

/**
 * Whether a rule matches a call. `mistake`: its condition, or what its limit adds up, cannot be evaluated. `named`: the arguments on which that depends;
 * left out: it depends on none.
 */
export type Match = 'yes' | 'no' | Mistaken;
export interface Mistaken {
  mistake: string;
  named?: readonly string[];
}

export type MatchOf = (rule: CompiledRule) => Match;
/** What a call takes of the limits of a rule that matches. */
export type LimitsOf = (rule: CompiledRule) => readonly LimitOf[];

const EFFECTS = ['deny', 'ask', 'allow'] as const;

/** `match`: asked at most a few times for a rule, so it should remember its answers. */
export function settle({ meant, feared }: Standing, match: MatchOf, limitsOf: LimitsOf): Verdict {
  const readings = [...meant.map(({ matching }) => matching), ...feared];
  const firstOf = (effects: readonly (typeof EFFECTS)[number][], fits: (rule: CompiledRule) => boolean) => {
    let best: CompiledRule | undefined;
    for (const matching of readings)
      for (const effect of effects) {
        const found = matching[effect].find(fits);
        if (found !== undefined && (best === undefined || found.order < best.order)) best = found;
      }
    return best;
  };
  const decides = ({ rule }: CompiledRule) => !rule.observe;
  const matches = (each: CompiledRule) => match(each) === 'yes';

  const deny = firstOf(['deny'], (each) => decides(each) && matches(each));
  if (deny !== undefined) return { decision: 'deny', rule: deny.rule.id, reason: denialBy(deny.rule) };
  const mistaken = firstOf(EFFECTS, (each) => decides(each) && isMistake(match(each)));
  if (mistaken !== undefined) {
    const { rule } = mistaken;
    const found = match(mistaken);
    return { decision: 'deny', rule: rule.id, reason: mistakeOf(rule, found), undecided: undecidedBy(found) };
  }

  const gives = ({ askGiving, allow }: Matching) =>
    [askGiving, allow]
      .map((of) => of.find((each) => decides(each) && matches(each)))
      .find((each) => each !== undefined);
  const [sent, ...others] = meant;
  const given = sent && gives(sent.matching);
  if (sent === undefined || given === undefined) return { decision: 'deny', rule: null, reason: NO_RULE };
  const missed = others.find(({ matching }) => gives(matching) === undefined);
  if (missed !== undefined)
    return { decision: 'deny', rule: null, reason: `${NO_RULE} as what it stands for, ${shown(missed.own)}` };

  const giving = new Set(meant.flatMap(({ matching: { ask, allow } }) => [...ask, ...allow]));
  const limits = [...giving].filter(matches).flatMap(limitsOf);
  const limited = limits.length > 0 && { limits };
  const ask = firstOf(['ask'], (each) => decides(each) && matches(each));
  if (ask !== undefined) {
    const { id, approvers } = ask.rule;
    return {
      decision: 'ask',
      rule: id,
      reason: `rule ${id} asks somebody first${noteOf(ask.rule)}`,
      approvers,
      ...limited,
    };
  }
  const observed =
    firstOf(['deny', 'ask'], (each) => !decides(each) && matches(each)) ??
    firstOf(EFFECTS, (each) => !decides(each) && isMistake(match(each)));
  if (observed !== undefined) {
    const { id } = observed.rule;
    const why = isMistake(match(observed)) ? mistakeOf(observed.rule, match(observed)) : denialBy(observed.rule);
    return { decision: 'would_deny', rule: id, reason: `${why}; it only observes`, ...limited };
  }
  return { decision: 'allow', rule: given.rule.id, reason: `rule ${given.rule.id} allows it`, ...limited };
}

const NO_RULE = 'no rule allows it';

const isMistake = (match: Match): match is Mistaken => typeof match === 'object';

function denialBy(rule: Rule): string {
  return `rule ${rule.id} ${rule.effect === 'ask' ? 'asks somebody first' : 'denies it'}${noteOf(rule)}`;
}

function undecidedBy(match: Match): Undecided {
  const named = isMistake(match) ? match.named : undefined;
  return named === undefined ? { by: 'rule' } : { by: 'arguments', named };
}

function mistakeOf(rule: Rule, match: Match): string {
  return `rule ${rule.id} cannot be evaluated on this call: ${isMistake(match) ? match.mistake : ''}${noteOf(rule)}`;
}

function noteOf({ note }: Rule): string {
  return note === undefined || note === '' ? '' : ` (${note})`;
}
