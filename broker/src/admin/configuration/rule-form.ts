// A rule as a configuration has it, in the words of `rule add`, made into what the store takes, and back.
import type { RuleForm } from 'mcpgate-shared/api/config/configuration';
import type { Limit } from 'mcpgate-shared/api/rules';
import { Mistake } from '../../domain/mistake.ts';
import { PLAIN_RULE, type NewRule, type RuleLimit } from '../../domain/rule.ts';
import { readLimit, readSum, splitPer, writtenLimit } from 'mcpgate-shared/api/rules/limit-texts';
import { parseIsoTime } from 'mcpgate-shared/iso-time';
import { newRuleOf } from '../rules/new-rule.ts';
import { inside } from './mistaken.ts';

/** What fields of the API are called in a configuration. */
const WORDS: Readonly<Record<string, string>> = { limits: 'limit', approvers: 'approver' };

/** Throws `usage`, naming the field. `now`: 0 where a rule may have ended already. */
export function newRuleFrom(form: RuleForm, createdBy: string, now: number): NewRule {
  const { effect, who, except, what, when, approver, observe, note } = form;
  const limits = limitsOf(form);
  const until = untilOf(form);
  const asked = {
    ...{ effect, who, what, limits },
    ...(except && { except }),
    ...(when !== undefined && { when }),
    ...(approver && { approvers: approver }),
    ...(until !== undefined && { until }),
    ...(observe !== undefined && { observe }),
    ...(note !== undefined && { note }),
  };
  return inside(
    ([field, ...rest]) => [WORDS[String(field)] ?? field ?? 'effect', ...rest],
    () => newRuleOf(asked, createdBy, now),
  );
}

export function ruleForm(rule: NewRule): RuleForm {
  const { effect, who, what, when, until, note } = rule;
  const { except, limits, observe, approvers } = { ...PLAIN_RULE, ...rule };
  const written = (isSum: boolean): string[] =>
    limits.filter(({ sum }) => (sum === undefined) !== isSum).map((limit) => writtenLimit(formOf(limit)));
  return {
    ...{ effect, who: [...who] },
    ...(except.length > 0 && { except: [...except] }),
    what: [...what],
    ...(when !== undefined && { when }),
    ...(written(false).length > 0 && { limit: written(false) }),
    ...(written(true).length > 0 && { sum: written(true) }),
    ...(approvers.length > 0 && { approver: [...approvers] }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
    ...(observe && { observe }),
    ...(note !== undefined && { note }),
  };
}

const formOf = ({ most, withinMs, per, sum }: RuleLimit): Limit => ({
  ...{ most, within_ms: withinMs, per, sum: sum ?? null },
});

/** Calls are counted first, as an export writes them. */
function limitsOf({ limit = [], sum = [], per: shared = 'person' }: RuleForm): Limit[] {
  const counted = limit.map((whole, at) => {
    const { text, per } = splitPer(whole);
    const read = readLimit(text, per ?? shared);
    if (read === undefined)
      throw new Mistake('usage', `"${whole}" is no limit; write 10/minute, 100/day per group or 5/15m`, ['limit', at]);
    return read;
  });
  const added = sum.map((whole, at) => {
    const { text, per } = splitPer(whole);
    const read = readSum(text, per ?? shared);
    if (read === undefined) throw new Mistake('usage', `"${whole}" is no sum; write args.amount<=500/day`, ['sum', at]);
    return read;
  });
  return [...counted, ...added];
}

function untilOf({ until }: RuleForm): string | undefined {
  if (until === undefined) return undefined;
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(until);
  const at = isTime ? parseIsoTime(until) : undefined;
  // A time that begins with each plan would be a change for ever.
  if (at === undefined)
    throw new Mistake('usage', `"${until}" is no time; write 2026-12-24 or 2026-12-24T18:00:00Z`, ['until']);
  return new Date(at).toISOString();
}
