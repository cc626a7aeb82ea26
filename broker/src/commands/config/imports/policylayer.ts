// Policies of PolicyLayer: one document for one server, as JSON (`require`, `deny_if`, `limits`), or in the form of its proxy Intercept (`rules`).
// Whom a policy is for stands elsewhere there, and is said here by `--who`.
import type { RuleForm } from 'mcpgate-shared/api/config/configuration';
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { createRuleList, type Imported } from './imported.ts';

const ConditionSchema = z.object({ path: z.string(), op: z.string(), value: z.unknown() });
type Condition = z.output<typeof ConditionSchema>;
/** One condition, or several that hold together, with what is said where they deny. */
const ClauseSchema = z.union([
  ConditionSchema.transform((one) => ({ conditions: [one], on_deny: undefined })),
  z.looseObject({ conditions: z.array(ConditionSchema), on_deny: z.string().optional() }),
]);
const WindowSchema = z.enum(['minute', 'hour', 'day']);

const LimitSchema = z.looseObject({
  counter: z.string().default(''),
  window: WindowSchema,
  max: z.number().positive(),
  scope: z.string().default('grant'),
  increment_from: z.string().optional(),
  increment: z.number().optional(),
});
const RuleSchema = z.looseObject({
  name: z.string().default(''),
  action: z.enum(['evaluate', 'deny']).default('evaluate'),
  rate_limit: z.string().optional(),
  conditions: z.array(ConditionSchema).default([]),
  on_deny: z.string().optional(),
  state: z
    .object({
      counter: z.string(),
      window: WindowSchema,
      increment: z.number().optional(),
      increment_from: z.string().optional(),
    })
    .optional(),
});
const ToolSchema = z.looseObject({
  require: z.array(ClauseSchema).default([]),
  deny_if: z.array(ClauseSchema).default([]),
  limits: z.array(LimitSchema).default([]),
  rules: z.array(RuleSchema).default([]),
});
const PolicySchema = z.looseObject({
  version: z.union([z.literal('1'), z.literal(1)], 'only version 1 of these policies is known'),
  description: z.string().optional(),
  default: z.enum(['allow', 'deny']).default('allow'),
  hide: z.array(z.string()).default([]),
  all_tools: z.looseObject({ limits: z.array(LimitSchema).default([]) }).optional(),
  tools: z.record(z.string(), ToolSchema).default({}),
});

const KNOWN = {
  policy: ['version', 'description', 'default', 'hide', 'all_tools', 'tools'],
  tool: ['require', 'deny_if', 'limits', 'rules'],
} as const;

/** Throws `usage` for what is no such policy. */
export function fromPolicyLayer(value: unknown, server: string, who: readonly string[]): Imported {
  const read = PolicySchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new GateError(
      'usage',
      `this is no policy of PolicyLayer: ${issue?.path.map(String).join('.')}: ${issue === undefined ? 'it does not fit' : plainIssue(issue)}`,
    );
  }
  const policy = read.data;
  const list = createRuleList();
  const left = unknownKeys(policy, KNOWN.policy, 'the policy');
  const notes: string[] = [];
  const what = (tool: string): string => `${server}__${tool}`;
  // The policy is for these alone: of others another policy may say otherwise.
  const deny = (name: string, tool: string, more: Partial<RuleForm> = {}): void => {
    if (more.when?.includes('args') === true) notes.push(ABSENT);
    list.add(name, { effect: 'deny', who: [...who], what: [what(tool)], ...more });
  };

  const tools = Object.entries(policy.tools).filter(([tool]) => tool !== '*');
  const isOpen = policy.default === 'allow';
  if (isOpen) list.add(`${server}-all`, { effect: 'allow', who: [...who], what: [what('*')] });
  for (const tool of policy.hide) deny(`${server}-hide-${tool === '*' ? 'all' : tool}`, tool);
  if (policy.all_tools !== undefined)
    shared(policy.all_tools.limits.flatMap((each, at) => limitOf(each, `all_tools.limits[${at}]`, left, notes)));
  for (const [tool, said] of tools) {
    const at = `tools.${tool}`;
    const unknown = unknownKeys(said, KNOWN.tool, at);
    // It may be what keeps calls back, so that somebody looks at them.
    if (unknown.length > 0)
      list.add(`${server}-${tool}-unknown`, { effect: 'ask', who: [...who], what: [what(tool)], note: UNKNOWN });
    left.push(...unknown.map((each) => `${each}; administrators are asked about its calls`));
    const limits = [
      ...said.limits.flatMap((each, index) => limitOf(each, `${at}.limits[${index}]`, left, notes)),
      ...said.rules.flatMap((each, index) => limitOfRule(each, `${at}.rules[${index}]`, left, notes)),
    ];
    if (!isOpen || limits.length > 0)
      list.add(`${server}-${tool}`, { effect: 'allow', who: [...who], what: [what(tool)], ...textsOf(limits) });
    for (const [index, { conditions, on_deny: says }] of said.require.entries())
      unless(`${server}-${tool}-require`, tool, conditions, `${at}.require[${index}]`, noteOf(says));
    for (const [index, { conditions, on_deny: says }] of said.deny_if.entries()) {
      // With none it is denied whatever the arguments are; what cannot be said here would have to hold as well, and the deny goes further without it.
      const { cel } = celOfAll(conditions, `${at}.deny_if[${index}]`, left);
      const when = cel.length === 0 ? {} : { when: cel.join(' && ') };
      deny(`${server}-${tool}-deny-if`, tool, { ...when, ...noteOf(says) });
    }
    for (const [index, rule] of said.rules.entries()) ofRule(rule, tool, `${at}.rules[${index}]`);
  }
  const everywhere = policy.tools['*'];
  if (everywhere !== undefined) {
    for (const [index, rule] of everywhere.rules.entries()) ofRule(rule, '*', `tools.*.rules[${index}]`);
    shared([
      ...everywhere.rules.flatMap((each, index) => limitOfRule(each, `tools.*.rules[${index}]`, left, notes)),
      ...everywhere.limits.flatMap((each, index) => limitOf(each, `tools.*.limits[${index}]`, left, notes)),
    ]);
  }
  return { configuration: { rules: list.rules }, left, notes: [...new Set(notes)], secrets: [] };

  /** A limit over all tools is on a rule that matches each of them; where all is denied unless it is listed, that is what is listed. */
  function shared(limits: readonly Limit[]): void {
    if (limits.length === 0) return;
    const things = isOpen ? [what('*')] : tools.map(([tool]) => what(tool));
    if (things.length > 0)
      list.add(`${server}-all-tools`, { effect: 'allow', who: [...who], what: things, ...textsOf(limits) });
  }

  function ofRule(rule: z.output<typeof RuleSchema>, tool: string, at: string): void {
    const name = `${server}-${rule.name === '' ? tool : rule.name}`;
    const note = noteOf(rule.on_deny);
    if (rule.action === 'deny') return deny(name, tool, note);
    const conditions = rule.conditions.filter(({ path }) => !path.startsWith('state.'));
    unless(name, tool, conditions, at, note);
  }

  /** Denied unless all of it holds; where some of it cannot be said here, nothing can be known to hold. */
  function unless(
    name: string,
    tool: string,
    conditions: readonly Condition[],
    at: string,
    note: Pick<RuleForm, 'note'>,
  ): void {
    const { cel, isWhole } = celOfAll(conditions, at, left);
    if (!isWhole) deny(name, tool, note);
    else if (cel.length > 0) deny(name, tool, { when: `!(${cel.join(' && ')})`, ...note });
  }
}

const UNKNOWN = 'something was said of this tool that is not known here';

const noteOf = (said: string | undefined): Pick<RuleForm, 'note'> =>
  said === undefined ? {} : { note: said.slice(0, 500) };

interface Limit {
  text: string;
  isSum: boolean;
}

function textsOf(limits: readonly Limit[]): Pick<RuleForm, 'limit' | 'sum'> {
  const of = (isSum: boolean): string[] => limits.filter((each) => each.isSum === isSum).map(({ text }) => text);
  return { ...(of(false).length > 0 && { limit: of(false) }), ...(of(true).length > 0 && { sum: of(true) }) };
}

const ABSENT =
  'where a condition reads an argument that the call does not have, the call is denied here, in `deny_if` too; write has(args.NAME) && … where it may be left out';
const WINDOWS =
  'a window there begins with the clock (each hour, each day in UTC); a limit here holds for any time of that length';

function limitOf(limit: z.output<typeof LimitSchema>, at: string, left: string[], notes: string[]): Limit[] {
  const { window, max, scope, increment_from: from, increment = 1 } = limit;
  notes.push(WINDOWS);
  const per = scope === 'grant' ? '' : ' per rule';
  if (from === undefined && increment !== 1) return leave(left, at, `counts ${increment} for each call`);
  const sum = from === undefined ? undefined : pathOf(from);
  if (from !== undefined && sum === undefined) return leave(left, at, `adds up ${from}`);
  if (sum === undefined && !Number.isInteger(max)) return leave(left, at, `allows ${max} calls`);
  return [{ text: `${sum === undefined ? '' : `${sum}<=`}${max}/${window}${per}`, isSum: sum !== undefined }];
}

function limitOfRule(rule: z.output<typeof RuleSchema>, at: string, left: string[], notes: string[]): Limit[] {
  const found: Limit[] = [];
  if (rule.rate_limit !== undefined) {
    const [, most = '', window = ''] = /^(\d+)\/(minute|hour|day)$/.exec(rule.rate_limit) ?? [];
    if (window === '') leave(left, at, `has the limit ${rule.rate_limit}`);
    else {
      notes.push(WINDOWS);
      found.push({ text: `${most}/${window}`, isSum: false });
    }
  }
  const counted = rule.conditions.filter(({ path }) => path.startsWith('state.'));
  const { state } = rule;
  if (counted.length === 0) return found;
  const [condition] = counted;
  const max = Number(condition?.value);
  const isKept = counted.length === 1 && state !== undefined && condition?.path.endsWith(`.${state.counter}`) === true;
  if (!isKept || state === undefined || !(max > 0) || !['lt', 'lte'].includes(condition?.op ?? ''))
    return [...found, ...leave(left, at, 'reads a counter that is not its own, or otherwise than as at most')];
  // Fewer than ten calls are at most nine; of a sum the last bit is not worth a word.
  const most = condition?.op === 'lt' && state.increment_from === undefined ? max - 1 : max;
  const { window, increment_from: from, increment } = state;
  const limit = {
    ...{ counter: state.counter, window, max: most, scope: 'grant' },
    ...(from !== undefined && { increment_from: from }),
    ...(increment !== undefined && { increment }),
  };
  return [...found, ...limitOf(limit, at, left, notes)];
}

function leave(left: string[], at: string, why: string): [] {
  left.push(`${at}: ${why}, which has no counterpart here`);
  return [];
}

/** `isWhole`: each of them has its expression. */
function celOfAll(conditions: readonly Condition[], at: string, left: string[]): { cel: string[]; isWhole: boolean } {
  const cel = conditions.flatMap((each, index) =>
    celOf(each, conditions.length === 1 ? at : `${at}.conditions[${index}]`, left),
  );
  const isWhole = cel.length === conditions.length;
  if (!isWhole) left.push(`${at}: denies more than it did there, so that nothing is open that was closed`);
  return { cel, isWhole };
}

/** One CEL expression; none where there is none. */
function celOf({ path, op, value }: Condition, at: string, left: string[]): string[] {
  const subject = pathOf(path);
  if (subject === undefined) return leave(left, at, `reads ${path}`);
  const literal = literalOf(value);
  const isList = Array.isArray(value);
  const made = ((): string | undefined => {
    switch (op) {
      case 'exists':
        return value === false ? `!${hasOf(subject)}` : hasOf(subject);
      case 'eq':
        return literal && `${subject} == ${literal}`;
      case 'neq':
        return literal && `${subject} != ${literal}`;
      case 'in':
        return isList && literal !== undefined ? `${subject} in ${literal}` : undefined;
      case 'not_in':
        return isList && literal !== undefined ? `!(${subject} in ${literal})` : undefined;
      case 'lt':
      case 'lte':
      case 'gt':
      case 'gte':
        return typeof value === 'number' ? `${subject} ${SIGNS[op]} ${literal}` : undefined;
      case 'regex':
        return typeof value === 'string' ? `${subject}.matches(${literal})` : undefined;
      case 'contains':
        // A text or a list: which of them, the arguments say.
        return (
          literal &&
          (typeof value === 'string'
            ? `(type(${subject}) == string ? ${subject}.contains(${literal}) : ${literal} in ${subject})`
            : `${literal} in ${subject}`)
        );
      default:
        return undefined;
    }
  })();
  return made === undefined ? leave(left, at, `the operator ${op} with such a value`) : [made];
}

const SIGNS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** `args.a["b-c"]`: each name as CEL writes it. A name with quotes or brackets in it may be a path of another kind. */
function pathOf(path: string): string | undefined {
  const [head, ...names] = path.split('.');
  if (head !== 'args' || names.length === 0 || names.some((name) => !/^[^\s"'[\]\\\p{C}]+$/u.test(name)))
    return undefined;
  return names.reduce(
    (before, name) => `${before}${PLAIN.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`}`,
    head,
  );
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** `has()` takes names that are written with a dot alone. */
function hasOf(subject: string): string {
  const [, holder, name] = /^(.*)\[("[^"]*")\]$/.exec(subject) ?? [];
  return holder === undefined ? `has(${subject})` : `(${name} in ${holder})`;
}

function literalOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return JSON.stringify(value);
  if (!Array.isArray(value)) return undefined;
  const all = value.map(literalOf);
  return all.includes(undefined) ? undefined : `[${all.join(', ')}]`;
}

const unknownKeys = (value: object, known: readonly string[], at: string): string[] =>
  Object.keys(value).flatMap((key) => (known.includes(key) ? [] : [`${at}: ${JSON.stringify(key)} is not known`]));
