// A rule while it is written: one state, which the sentence and the text both show. It has the words of a configuration, `limit: 10/minute`.
import { RuleFormSchema, type RuleForm } from 'mcpgate-shared/api/config/configuration';
import type { Limit, Rule, rulesApi } from 'mcpgate-shared/api/rules';
import { readLimit, readSum, splitPer, writtenLimit } from 'mcpgate-shared/api/rules/limit-texts';
import type { InputOf } from '../../../api/call.ts';
import type { ProblemPath } from '../../../api/problem.ts';

export type AskedRule = InputOf<typeof rulesApi.add>['body'];

export interface Mistake {
  /** The field, and the number within its list; empty: the whole. */
  path: ProblemPath;
  message: string;
}

export const EMPTY_DRAFT: RuleForm = { effect: 'allow', who: [], what: [] };

/** Fields that say nothing are left out, so that the text is as short as the rule. */
export function tidied(form: RuleForm): RuleForm {
  const said = Object.entries(form).filter(
    ([name, value]) =>
      ['effect', 'who', 'what'].includes(name) ||
      !(value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0)),
  );
  return { ...EMPTY_DRAFT, ...Object.fromEntries(said) };
}

export function draftOf(rule: Rule): RuleForm {
  const { effect, who, except, what, when, limits, until, observe, approvers, note } = rule;
  const written = (isSum: boolean) => limits.filter(({ sum }) => (sum !== null) === isSum).map(writtenLimit);
  return tidied({
    ...{ effect, who, except, what, observe },
    ...(when !== null && { when }),
    limit: written(false),
    sum: written(true),
    approver: approvers,
    ...(until !== null && { until }),
    ...(note !== null && { note }),
  });
}

/** What keeps the draft from being a rule, as far as it can be told here; the broker reads conditions. */
export function mistakesIn(draft: RuleForm): Mistake[] {
  const tidy = tidied(draft);
  const { error } = RuleFormSchema.safeParse(tidy);
  const shape = error?.issues.map(({ path, message }) => ({ path: path.map(plainKey), message })) ?? [];
  const named = shape.map((each) => {
    const isEmptyList = each.path.length === 1 && (each.path[0] === 'who' || each.path[0] === 'what');
    if (!isEmptyList) return each;
    return { ...each, message: each.path[0] === 'who' ? 'Say who' : 'Say what they may use' };
  });
  const counted = (tidy.limit ?? []).flatMap((each, at): Mistake[] =>
    limitOf(each, 'person') === undefined
      ? [{ path: ['limit', at], message: `"${each}" is no limit; write 10/minute, 100/day per group or 5/15m` }]
      : [],
  );
  const added = (tidy.sum ?? []).flatMap((each, at): Mistake[] =>
    sumOf(each, 'person') === undefined
      ? [{ path: ['sum', at], message: `"${each}" is no sum; write args.amount<=500/day` }]
      : [],
  );
  const until: Mistake[] =
    tidy.until !== undefined && Number.isNaN(Date.parse(tidy.until))
      ? [{ path: ['until'], message: `"${tidy.until}" is no time; write 2026-12-24 or 2026-12-24T18:00:00Z` }]
      : [];
  return [...named, ...counted, ...added, ...until];
}

const plainKey = (key: PropertyKey): string | number => (typeof key === 'number' ? key : String(key));

const limitOf = (whole: string, shared: Limit['per']): Limit | undefined => {
  const { text, per } = splitPer(whole);
  return readLimit(text, per ?? shared);
};
const sumOf = (whole: string, shared: Limit['per']): Limit | undefined => {
  const { text, per } = splitPer(whole);
  return readSum(text, per ?? shared);
};

/** Those that can be read. */
const limitsOf = ({ limit = [], sum = [], per = 'person' }: RuleForm): Limit[] => [
  ...limit.flatMap((each) => limitOf(each, per) ?? []),
  ...sum.flatMap((each) => sumOf(each, per) ?? []),
];

/** The draft as the API takes it; one without mistakes. */
export function askedOf(draft: RuleForm): AskedRule {
  const tidy = tidied(draft);
  const limits = limitsOf(tidy);
  const { effect, who, what, except, when, approver, until, observe, note } = tidy;
  return {
    ...{ effect, who, what },
    ...(except !== undefined && { except }),
    ...(when !== undefined && { when }),
    ...(limits.length > 0 && { limits }),
    ...(approver !== undefined && { approvers: approver }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
    ...(observe !== undefined && { observe }),
    ...(note !== undefined && { note }),
  };
}

/** As a sentence, also while it is not whole. */
export function toldOf(
  draft: RuleForm,
): Pick<Rule, 'effect' | 'who' | 'except' | 'what' | 'when' | 'limits' | 'until' | 'observe' | 'approvers'> {
  const tidy = tidied(draft);
  const { effect, who, what, except = [], when, approver, until, observe } = tidy;
  const isTime = until !== undefined && !Number.isNaN(Date.parse(until));
  return {
    effect,
    who: who.length === 0 ? ['…'] : who,
    what: what.length === 0 ? ['…'] : what,
    except,
    when: when ?? null,
    limits: limitsOf(tidy),
    until: isTime ? new Date(until).toISOString() : null,
    observe: observe ?? false,
    approvers: approver ?? [],
  };
}

/** Where the broker found a mistake, in the words of the draft: `change.rules.0.limits` is `limit`. */
export function placeOf(path: ProblemPath | undefined): ProblemPath {
  const start = path?.findIndex((each) => typeof each === 'string' && FIELDS.has(each)) ?? -1;
  if (path === undefined || start < 0) return [];
  const [field = '', ...rest] = path.slice(start);
  return [WORDS[String(field)] ?? field, ...rest.filter((each) => typeof each === 'number').slice(0, 1)];
}

const WORDS: Readonly<Record<string, string>> = { limits: 'limit', approvers: 'approver' };
const FIELDS = new Set([...Object.keys(RuleFormSchema.shape), ...Object.keys(WORDS)]);
