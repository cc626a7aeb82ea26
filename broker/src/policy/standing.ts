// What rules say of one thing to one caller, as far as that is the same for every call: which rules are about it. Rules without a condition, a limit
// or an end are settled here: only the first of an effect counts. All others are looked at again for each call (`settle.ts`).
import type { RuleEffect } from 'mcpgate-shared/api/rules';
import type { Rule } from '../domain/rule.ts';
import type { CallerTokens } from './callers/tokens.ts';
import { compileExpression, type Expression, type ExpressionMistake } from './conditions/cel.ts';
import { allowableNames, isSharedName, type RuleNames } from './naming.ts';
import { readingsOf } from './readings.ts';
import { createRuleIndex, type CallerNames, type OrderedRule, type RuleIndex } from './rule-index.ts';

export interface CompiledRule extends OrderedRule {
  rule: Rule;
  /** The condition, or what is wrong with it; undefined where the rule has none. */
  condition: Expression | ExpressionMistake | undefined;
  /** What each of its limits adds up; undefined: calls are counted. */
  sums: readonly (Expression | ExpressionMistake | undefined)[];
}

/** The rules that are about one reading of a thing, of each effect. */
export interface Matching extends Readonly<Record<RuleEffect, readonly CompiledRule[]>> {
  /** Those that ask, and by which the caller has what they ask about: a rule that allows and is written alike would allow it. */
  readonly askGiving: readonly CompiledRule[];
}

export interface Standing {
  /** Of what was written, and of what it may be taken for, with the thing's own name in each. */
  meant: readonly { own: string; matching: Matching }[];
  /** Of what it may be besides; only rules that take away are looked at. */
  feared: readonly Matching[];
  /** Whether each call has to be looked at: otherwise all calls have one verdict. */
  isLive: boolean;
}

/** Whether the rule says the same of every call. */
function isPlain({ when, until, observe, limits }: Rule): boolean {
  return when === undefined && until === undefined && !observe && limits.length === 0;
}

const NO_RULES: readonly CompiledRule[] = [];

const inOrder = (rules: CompiledRule[]): CompiledRule[] => rules.sort((a, b) => a.order - b.order);

interface NameIndex {
  isEmpty: boolean;
  first(caller: CallerNames, names: readonly string[]): CompiledRule | undefined;
  collect(caller: CallerNames, names: readonly string[]): CompiledRule[];
}

/** Names that many things share are matched by rules that are written so, and by no other glob. */
function createNameIndex(rules: readonly CompiledRule[]): NameIndex {
  const own = createRuleIndex(rules, ({ what }) => what.filter((each) => !isSharedName(each)));
  const shared = createRuleIndex(rules, ({ what }) => what.filter(isSharedName));
  const indexOf = (name: string, at: number): RuleIndex<CompiledRule> => (at > 0 && isSharedName(name) ? shared : own);
  return {
    isEmpty: own.isEmpty && shared.isEmpty,
    first(caller, names) {
      let best: CompiledRule | undefined;
      for (const [at, name] of names.entries()) {
        const index = indexOf(name, at);
        if (index.isEmpty) continue;
        const found = index.first(caller, name);
        if (found !== undefined && (best === undefined || found.order < best.order)) best = found;
      }
      return best;
    },
    collect(caller, names) {
      const found = new Set<CompiledRule>();
      for (const [at, name] of names.entries()) {
        const index = indexOf(name, at);
        if (!index.isEmpty) index.collect(caller, name, found);
      }
      return inOrder([...found]);
    },
  };
}

export type StandingFinder = (tokens: CallerTokens, server: string, names: RuleNames) => Standing;

export function createStandingFinder(rules: readonly Rule[]): StandingFinder {
  const compiled = rules.map((rule, order): CompiledRule => ({
    order,
    rule,
    condition: rule.when === undefined ? undefined : compileExpression(rule.when, 'bool'),
    sums: rule.limits.map(({ sum }) => (sum === undefined ? undefined : compileExpression(sum, 'number'))),
  }));
  const indexesOf = (effect: RuleEffect) => {
    const own = compiled.filter(({ rule }) => rule.effect === effect);
    return {
      plain: createNameIndex(own.filter(({ rule }) => isPlain(rule))),
      live: createNameIndex(own.filter(({ rule }) => !isPlain(rule))),
    };
  };
  const indexes = { deny: indexesOf('deny'), ask: indexesOf('ask'), allow: indexesOf('allow') };

  return (tokens, server, names) => {
    const taking: CallerNames = { who: tokens.against, except: tokens.favour };
    const giving: CallerNames = { who: tokens.favour, except: tokens.against };
    let isLive = false;
    const matching = (effect: RuleEffect, caller: CallerNames, of: readonly string[]): readonly CompiledRule[] => {
      const { plain, live } = indexes[effect];
      const first = plain.isEmpty ? undefined : plain.first(caller, of);
      const others = live.isEmpty ? NO_RULES : live.collect(caller, of);
      isLive ||= others.length > 0;
      return first === undefined ? others : others.length === 0 ? [first] : inOrder([first, ...others]);
    };
    const taken = (of: RuleNames) => ({ deny: matching('deny', taking, of), ask: matching('ask', taking, of) });
    const { meant, feared } = readingsOf(server, names);
    const standing = {
      meant: meant.map((of) => {
        const [takes, names] = [taken(of), allowableNames(of)];
        // What gives is among what takes away, where less is known.
        const askGiving = takes.ask.length === 0 ? NO_RULES : matching('ask', giving, names);
        return { own: of[0], matching: { ...takes, askGiving, allow: matching('allow', giving, names) } };
      }),
      feared: feared.map((of) => ({ ...taken(of), askGiving: NO_RULES, allow: NO_RULES })),
    };
    return { ...standing, isLive };
  };
}
