// Whether a rule that is about a thing matches one call of it: its end and its condition.
import type { Principal } from '../domain/people/principal.ts';
import type { Rule, RuleLimit } from '../domain/rule.ts';
import { argumentsOf, isMistaken, type Expression, type ExpressionMistake, type Scope } from './conditions/cel.ts';
import { compileGlob } from './glob.ts';
import type { LimitsOf, Match, MatchOf, Mistaken } from './settle.ts';
import type { CompiledRule } from './standing.ts';
import { NO_ARGUMENTS, type LimitOf, type Question } from './verdict.ts';

/** For one question: each condition is evaluated at most once, and the arguments are parsed only where a condition reads them. */
export function createMatcher(question: Question, isCall: boolean): { match: MatchOf; limitsOf: LimitsOf } {
  const known = new Map<CompiledRule, Match>();
  let limits: Map<CompiledRule, LimitOf[]> | undefined;
  let scope: { of: Scope; argsLength: number } | undefined;
  const match: MatchOf = (each) => {
    const before = known.get(each);
    if (before !== undefined) return before;
    const { until } = each.rule;
    const isOver = until !== undefined && question.facts.now >= until;
    const found = isOver ? 'no' : each.condition === undefined ? 'yes' : byCondition(each);
    const now = found === 'yes' && isCall && each.rule.effect !== 'deny' ? byLimits(each) : found;
    known.set(each, now);
    return now;
  };
  return { match, limitsOf: (each) => limits?.get(each) ?? [] };

  /** Reckons what the call takes of the rule's limits. */
  function byLimits(each: CompiledRule): Match {
    const { rule } = each;
    if (rule.limits.length === 0) return 'yes';
    const taken: LimitOf[] = [];
    for (const [place, limit] of rule.limits.entries()) {
      const amount = each.sums[place] === undefined ? 1 : amountOf(each.sums[place]);
      if (typeof amount !== 'number') return amount;
      for (const subject of subjectsOf(question.principal, rule, limit.per))
        taken.push({ ...limit, rule: rule.id, place, subject, amount, observe: rule.observe });
    }
    (limits ??= new Map()).set(each, taken);
    return 'yes';
  }

  function amountOf(sum: Expression | ExpressionMistake): number | Mistaken {
    if (isMistaken(sum)) return { mistake: 'what its limit adds up cannot be read' };
    scope ??= scopeOf(question);
    const result = sum.evaluate(scope.of, scope.argsLength);
    if ('mistake' in result) return result;
    const named = argumentsOf(sum);
    const amount = typeof result.value === 'bigint' ? Number(result.value) : result.value;
    if (typeof amount !== 'number' || !Number.isFinite(amount))
      return { mistake: 'what its limit adds up is no number', ...named };
    return amount < 0 ? { mistake: 'what its limit adds up is less than nothing', ...named } : amount;
  }

  function byCondition({ condition, rule }: CompiledRule): Match {
    if (condition === undefined || isMistaken(condition)) return { mistake: 'its condition cannot be read' };
    // What is not known yet may be true of what gives, and not of what takes away.
    if (!isCall && question.facts.args === undefined && condition.readsCall)
      return rule.effect === 'deny' ? 'no' : 'yes';
    scope ??= scopeOf(question);
    const result = condition.evaluate(scope.of, scope.argsLength);
    if ('mistake' in result) return result;
    if (typeof result.value !== 'boolean')
      return { mistake: 'it is neither true nor false', ...argumentsOf(condition) };
    return result.value ? 'yes' : 'no';
  }
}

/** Whose allowance a call takes of: that of each group by which the rule knows the caller, or their own where they are in none. */
function subjectsOf({ user, credential }: Principal, rule: Rule, per: RuleLimit['per']): readonly string[] {
  if (per === 'rule') return [''];
  const own = user === undefined ? `grant:${credential.id}` : `user:${user.id}`;
  if (per === 'person' || user === undefined) return [own];
  const named = rule.who.filter((who) => who.startsWith('group:')).map(compileGlob);
  const groups = user.groups.map((group) => `group:${group}`);
  const meant = named.length === 0 ? groups : groups.filter((group) => named.some(({ matches }) => matches(group)));
  return meant.length === 0 ? [own] : meant;
}

function scopeOf({ principal, server, names, facts }: Question): { of: Scope; argsLength: number } {
  const { value, length } = facts.args?.() ?? NO_ARGUMENTS;
  const [own, ...others] = names;
  const head = `${server}__`;
  const isRead = others.some((name) => name.startsWith('read:')) && !others.some((name) => name.startsWith('write:'));
  return {
    argsLength: length,
    of: {
      args: value,
      user: userOf(principal),
      tool: { name: own.startsWith(head) ? own.slice(head.length) : own, server, class: isRead ? 'read' : 'write' },
      time: new Date(facts.now),
      client: {
        name: facts.client.name ?? '',
        version: facts.client.version ?? '',
        address: facts.address ?? '',
        device: principal.device?.name ?? '',
      },
    },
  };
}

function userOf({ user }: Principal): Scope['user'] {
  return user === undefined ? { name: '', role: '', groups: [] } : user;
}
