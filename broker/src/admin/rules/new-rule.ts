// A rule as somebody asks for it, made ready to be stored or to be tried out; what cannot be used is refused.
import type { Limit, RuleEffect, rulesApi } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { located, Mistake } from '../../domain/mistake.ts';
import { rangeMistake } from '../../domain/bounds/address-ranges.ts';
import type { NewRule } from '../../domain/rule.ts';
import { compileExpression, isMistaken } from '../../policy/conditions/cel.ts';

export type AskedRule = z.output<typeof rulesApi.add.body>;

/** Throws `usage`, naming the field. */
export function newRuleOf(asked: AskedRule, createdBy: string, now: number): NewRule {
  const { effect, who, except = [], what, when, limits = [], until, observe = false, approvers = [], note } = asked;
  located(['who'], () => refuseRanges(who));
  located(['except'], () => refuseRanges(except));
  if (when !== undefined) located(['when'], () => refuseExpression('the condition', when, 'bool'));
  located(['limits'], () => refuseLimits(effect, limits));
  if (effect !== 'ask' && approvers.length > 0)
    throw new Mistake('usage', 'only a rule that asks has approvers; add it with the effect ask', ['approvers']);
  const endsAt = until === undefined ? undefined : Date.parse(until);
  if (endsAt !== undefined && endsAt <= now)
    throw new Mistake('usage', `the rule would have ended already, at ${until}`, ['until']);
  return {
    ...{ effect, who, except, what, observe, approvers },
    ...(when === undefined ? {} : { when }),
    limits: limits.map(({ most, within_ms: withinMs, per, sum }) => ({
      ...{ most, withinMs, per },
      ...(sum !== null && { sum }),
    })),
    ...(endsAt === undefined ? {} : { until: endsAt }),
    ...(note === undefined ? {} : { note }),
    createdBy,
  };
}

/** Throws `usage` where an expression cannot be read, with the place marked. */
function refuseExpression(name: string, text: string, result: 'bool' | 'number'): void {
  const read = compileExpression(text, result);
  if (!isMistaken(read)) return;
  const line = text.replaceAll(/\s/g, ' ');
  throw new GateError('usage', `${name} cannot be used: ${read.message}\n  ${line}\n  ${' '.repeat(read.at)}^`);
}

function refuseLimits(effect: RuleEffect, limits: readonly Limit[]): void {
  if (effect === 'deny' && limits.length > 0)
    throw new GateError('usage', 'a rule that denies has no limit; give the limit to the rule that allows');
  for (const { most, sum } of limits) {
    if (sum !== null) refuseExpression('the sum of a limit', sum, 'number');
    else if (!Number.isInteger(most))
      throw new GateError('usage', `a limit of calls is a whole number, and not ${most}`);
  }
}

/** Throws `usage` where a range of addresses is none. */
function refuseRanges(who: readonly string[]): void {
  for (const each of who.filter((token) => token.startsWith('net:'))) {
    const mistake = rangeMistake(each.slice('net:'.length));
    if (mistake !== undefined)
      throw new GateError('usage', `"${each}": ${mistake}; write net:10.0.0.0/8 or net:2001:db8::/32`);
  }
}
