// Whether a rule that is about a thing matches one call of it: its end and its condition.
import type { Principal } from '../domain/people/principal.ts';
import { isMistaken, type Scope } from './conditions/cel.ts';
import type { Match, MatchOf } from './settle.ts';
import type { CompiledRule } from './standing.ts';
import { NO_ARGUMENTS, type Question } from './verdict.ts';

/** For one question: each condition is evaluated at most once, and the arguments are parsed only where a condition reads them. */
export function createMatcher(question: Question, isCall: boolean): MatchOf {
  const known = new Map<CompiledRule, Match>();
  let scope: { of: Scope; argsLength: number } | undefined;
  return (each) => {
    const before = known.get(each);
    if (before !== undefined) return before;
    const { until } = each.rule;
    const isOver = until !== undefined && question.facts.now >= until;
    const match = isOver ? 'no' : each.condition === undefined ? 'yes' : byCondition(each);
    known.set(each, match);
    return match;
  };

  function byCondition({ condition, rule }: CompiledRule): Match {
    if (condition === undefined || isMistaken(condition)) return { mistake: 'its condition cannot be read' };
    // What is not known yet may be true of what gives, and not of what takes away.
    if (!isCall && question.facts.args === undefined && condition.readsCall)
      return rule.effect === 'deny' ? 'no' : 'yes';
    scope ??= scopeOf(question);
    const result = condition.evaluate(scope.of, scope.argsLength);
    if ('mistake' in result) return result;
    if (typeof result.value !== 'boolean') return { mistake: 'it is neither true nor false' };
    return result.value ? 'yes' : 'no';
  }
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
