// Authorization rules and the enforcement mode.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { nearest } from '../nearest.ts';
import { IdParams, ManagedBySchema, TimeSchema } from './fields.ts';

/** Laptops and AI clients may have names with spaces within. */
const WHO =
  /^(\*|(user|group|role|grant):\S{1,200}|(device|client):\S(.{0,198}\S)?|net:[\da-fA-F.:]{2,45}(\/\d{1,3})?)$/u;

const WHO_HEADS = ['user', 'group', 'role', 'grant', 'device', 'client', 'net'];
const APPROVER_HEADS = ['user', 'group', 'role', 'grant', 'on-call'];

/** The word that is none, and what may have been meant. */
function notWho(word: string, heads: readonly string[]): string {
  const shown = JSON.stringify(word.slice(0, 60));
  const [, head = '', name = ''] = /^([^:]*):(.+)$/.exec(word) ?? [];
  const near = nearest(head, heads);
  if (/^(?:all|any|any(?:one|body)|every(?:one|body))$/i.test(word) && heads.includes('net'))
    return `${shown}: did you mean *?`;
  if (near !== undefined && near !== head) return `${shown}: did you mean ${near}:${name.slice(0, 60)}?`;
  if (head === '' && /^[A-Za-z0-9][\w.-]{0,63}$/.test(word))
    return `${shown}: did you mean user:${word} or group:${word}?`;
  return `${shown} is none:`;
}

export const TestedArgumentsSchema = z.union([z.record(z.string(), z.unknown()), z.string().max(1_048_576)]).meta({
  description:
    'What the tool or prompt would be called with, as an object, or as its JSON text, in which numbers keep all of their digits; left out: nothing',
});

export const WhoSchema = z.string().regex(WHO, {
  error: ({ input }) =>
    `${notWho(String(input), WHO_HEADS)} WHO is *, user:NAME, group:NAME, role:R, grant:LABEL, device:NAME, client:NAME or net:CIDR`,
});
export const ApproverSchema = z
  .string()
  .regex(/^(self|(user|group|role|grant):\S{1,200}|on-call:[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/u, {
    error: ({ input }) =>
      `${notWho(String(input), APPROVER_HEADS)} an approver is user:NAME, group:NAME, on-call:GROUP, role:R, grant:LABEL or self`,
  });
export const WhatSchema = z
  .string()
  .regex(
    /^\S{1,300}$/,
    'WHAT is a glob over SERVER__TOOL, resource:URI or prompt:SERVER__NAME, without spaces, or read:SERVER, write:SERVER or bundle:NAME',
  );

export const RuleEffectSchema = z.enum(['allow', 'deny', 'ask']);
export type RuleEffect = z.output<typeof RuleEffectSchema>;

export const LimitPerSchema = z.enum(['person', 'group', 'rule']);
export type LimitPer = z.output<typeof LimitPerSchema>;

/** At most `most` calls within any time of `within_ms`, or calls for which `sum`, a CEL expression, adds up to no more. */
export const LimitSchema = z.strictObject({
  most: z.number().positive().max(1e15),
  within_ms: z
    .number()
    .int()
    .min(1_000)
    .max(366 * 86_400_000),
  per: LimitPerSchema,
  sum: z.string().min(1).max(200).nullable(),
});
export type Limit = z.output<typeof LimitSchema>;

export const RuleSchema = z
  .object({
    id: z.string(),
    effect: RuleEffectSchema,
    who: z.array(z.string()),
    except: z.array(z.string()),
    what: z.array(z.string()),
    when: z.string().nullable(),
    limits: z.array(LimitSchema),
    until: TimeSchema.nullable(),
    /** Its end has passed, so it does nothing. */
    expired: z.boolean(),
    observe: z.boolean(),
    approvers: z.array(z.string()),
    note: z.string().nullable(),
    managed_by: z.string().nullable(),
    created_at: TimeSchema,
    created_by: z.string(),
  })
  .meta({ id: 'Rule' });
export type Rule = z.output<typeof RuleSchema>;

export const AddedRuleSchema = RuleSchema.extend({
  /** The people and groups in WHO that do not exist yet. The rule holds for them once they do; or the name is mistyped. */
  nobody_yet: z.array(z.string()),
  warnings: z.array(z.string()).default([]).meta({
    description: 'What of the rule matches nobody or nothing that is known today, and what may have been meant',
  }),
}).meta({ id: 'AddedRule' });
export type AddedRule = z.output<typeof AddedRuleSchema>;

export const ListedRuleSchema = RuleSchema.extend({
  warnings: z.array(z.string()).default([]).meta({
    description:
      'What its condition or its sums read that no tool or prompt takes to which the rule applies, or takes otherwise',
  }),
}).meta({ id: 'ListedRule' });
export type ListedRule = z.output<typeof ListedRuleSchema>;

export const EnforcementSchema = z.enum(['off', 'observe', 'enforce']);
const StandingEnforcementSchema = z.object({ enforcement: EnforcementSchema, managed_by: ManagedBySchema });

export const VerdictSchema = z
  .object({
    decision: z.enum(['allow', 'deny', 'ask', 'would_deny']),
    rule: z.string().nullable(),
    reason: z.string(),
    policy_version: z.number().int(),
    who: z.string(),
    what: z.string(),
    meant: z.string().nullable().meta({
      description:
        'What the name means in such a call, as rules name it; null: the call is refused before rules are asked',
    }),
    bundle: z.string().nullable().meta({ description: 'The bundle through which it would be called' }),
    hook: z
      .object({ name: z.string(), asked: z.boolean() })
      .optional()
      .meta({ description: 'The hook that has to allow it too; asked: its answer is in the decision' }),
    warnings: z.array(z.string()).default([]).meta({
      description: 'That no server is known to offer it, or that the condition of a rule does not fit its arguments',
    }),
  })
  .meta({ id: 'Verdict' });
export type Verdict = z.output<typeof VerdictSchema>;

/** All of what a rule says. */
export const NewRuleSchema = z.strictObject({
  effect: RuleEffectSchema,
  who: z.array(WhoSchema).min(1).max(100),
  except: z.array(WhoSchema).max(100).optional(),
  what: z.array(WhatSchema).min(1).max(100),
  /** A CEL condition over `args`, `user`, `tool`, `time` and `client`. */
  when: z.string().min(1).max(2_000).optional(),
  /** Each call under the rule takes of all of these; one that is used up denies. */
  limits: z.array(LimitSchema).max(10).optional(),
  /** From then on the rule does nothing. */
  until: z.iso.datetime({ offset: true }).optional(),
  observe: z.boolean().optional(),
  approvers: z.array(ApproverSchema).max(20).optional().meta({
    description: 'Of `ask`: who decides, people and groups, or self for whoever calls; none: administrators',
  }),
  note: z.string().max(500).optional(),
});

export const rulesApi = {
  list: listEndpoint({
    name: 'listRules',
    path: '/rules',
    summary: 'All rules',
    access: 'operator',
    item: ListedRuleSchema,
    key: 'id',
    texts: ['id', 'who', 'what', 'note'],
    filters: { effect: ListedRuleSchema.shape.effect.optional(), who: z.string().max(200).optional() },
  }),
  add: endpoint({
    name: 'addRule',
    method: 'POST',
    path: '/rules',
    summary: 'Add a rule; it holds from the next call on',
    access: 'operator',
    body: NewRuleSchema,
    answer: AddedRuleSchema,
  }),
  get: endpoint({
    name: 'getRule',
    tagged: { without: ['warnings', 'expired'] },
    method: 'GET',
    path: '/rules/:id',
    summary: 'One rule',
    access: 'operator',
    params: IdParams,
    answer: ListedRuleSchema,
  }),
  replace: endpoint({
    name: 'replaceRule',
    edits: 'getRule',
    method: 'PUT',
    path: '/rules/:id',
    summary: 'What a rule says is replaced, and its id stays; it holds from the next call on',
    access: 'operator',
    params: IdParams,
    body: NewRuleSchema,
    answer: AddedRuleSchema,
  }),
  remove: endpoint({
    name: 'removeRule',
    edits: 'getRule',
    method: 'DELETE',
    path: '/rules/:id',
    summary: 'Remove a rule',
    access: 'operator',
    params: IdParams,
    answer: RuleSchema,
  }),
  forget: endpoint({
    name: 'forgetRule',
    method: 'POST',
    path: '/rules/:id/forget',
    summary: 'A removed rule is gone for good: status warns of it no more',
    access: 'operator',
    params: IdParams,
    answer: z.object({ id: z.string(), sentence: z.string() }),
  }),
  test: endpoint({
    name: 'testRules',
    method: 'POST',
    path: '/rules/test',
    summary: 'What would be decided, and by which rule; nothing is called',
    access: 'operator',
    body: z.strictObject({
      who: z.string().regex(/^(user|grant):\S{1,200}$/, 'test a user:NAME or a grant:LABEL'),
      what: WhatSchema,
      bundle: z.string().min(1).max(100).optional().meta({
        description:
          'The bundle that the client asks for by its name; left out: all servers, or the default bundle of the group',
      }),
      /** From which AI client, device and address, and when; what is left out is not known, which speaks against the call. */
      client: z.string().min(1).max(200).optional(),
      device: z.string().min(1).max(200).optional(),
      address: z.string().min(1).max(45).optional(),
      at: z.iso.datetime({ offset: true }).optional(),
      args: TestedArgumentsSchema.optional(),
      hook: z.boolean().optional().meta({
        description: 'Ask the hook, where there is one that has to allow it; unless said: where `args` are given',
      }),
    }),
    answer: VerdictSchema,
  }),
  enforcement: endpoint({
    name: 'getEnforcement',
    tagged: { without: [] },
    method: 'GET',
    path: '/enforcement',
    summary: 'The enforcement mode',
    access: 'operator',
    answer: StandingEnforcementSchema,
  }),
  setEnforcement: endpoint({
    name: 'setEnforcement',
    edits: 'getEnforcement',
    method: 'PUT',
    path: '/enforcement',
    summary: 'off: rules are not asked; observe: a deny is only recorded; enforce: a deny denies',
    access: 'operator',
    body: z.strictObject({ enforcement: EnforcementSchema }),
    answer: StandingEnforcementSchema,
  }),
};
