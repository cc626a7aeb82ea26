// What changes of rules would do, who may do what, and what recorded calls say of it. Nothing of this changes anything.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';
import { EnforcementSchema, rulesApi } from '../rules.ts';

const MOST_RULES = 2_000;
const IndexSchema = z.coerce.number().int().min(0).max(1_000_000);

const DecisionSchema = z.enum(['allow', 'deny', 'ask', 'would_deny']);
const DecisionsSchema = z.array(DecisionSchema).meta({
  description:
    'What may be decided; several where that depends on the arguments, the time, the client, the device or the address',
});
export type PreviewedDecision = z.output<typeof DecisionSchema>;

export const RuleChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('add'), rules: z.array(rulesApi.add.body).min(1).max(MOST_RULES) }),
  z.strictObject({ kind: z.literal('remove'), ids: z.array(z.string().max(50)).min(1).max(MOST_RULES) }),
  z.strictObject({ kind: z.literal('edit'), id: z.string().max(50), rule: rulesApi.add.body }),
  z.strictObject({ kind: z.literal('replace'), rules: z.array(rulesApi.add.body).max(MOST_RULES) }),
  z.strictObject({ kind: z.literal('enforcement'), enforcement: EnforcementSchema }),
]);
export type RuleChange = z.output<typeof RuleChangeSchema>;

export const AccessChangeSchema = z
  .object({
    direction: z.enum(['gains', 'loses', 'other']),
    who: z.array(z.string()),
    what: z.array(z.string()),
    before: DecisionsSchema,
    after: DecisionsSchema,
    rules: z
      .array(z.string())
      .meta({ description: 'By which it is so afterwards; `new` and a number: of those proposed' }),
  })
  .meta({ id: 'AccessChange' });
export type AccessChange = z.output<typeof AccessChangeSchema>;

export const CallsChangeSchema = z
  .object({
    who: z.string(),
    what: z.string(),
    before: DecisionsSchema,
    after: DecisionsSchema,
    rules: z.array(z.string()),
    calls: z.number().int(),
    last: TimeSchema,
    ids: z.array(z.string()).meta({ description: 'Of the first of these calls' }),
  })
  .meta({ id: 'CallsChange' });
export type CallsChange = z.output<typeof CallsChangeSchema>;

export const ReplaySchema = z
  .object({
    since: TimeSchema,
    judged: z.number().int().meta({ description: 'Calls that were looked at' }),
    changed: z.number().int(),
    unknown: z.number().int().meta({
      description: 'Calls of which the log does not say enough: it keeps no values of arguments, and no addresses',
    }),
    gone: z.number().int().meta({ description: 'Calls of people, grants or servers that are not there any more' }),
    people: z.array(z.string()).meta({ description: 'Whose calls would change' }),
    tools: z.array(z.string()),
    changes: z.array(CallsChangeSchema),
    unknowns: z.array(CallsChangeSchema),
    left_out: z.number().int().meta({ description: 'Lines that are not shown' }),
    stopped_at: TimeSchema.nullable().meta({
      description: 'There were too many calls; those after this were not looked at',
    }),
  })
  .meta({ id: 'Replay' });
export type Replay = z.output<typeof ReplaySchema>;

export const RulePreviewSchema = z
  .object({
    policy_version: z.number().int(),
    as_enforced: z.boolean().meta({ description: 'Rules deny nothing now; this is what would be if they did' }),
    warnings: z.array(z.string()),
    people: z.number().int(),
    things: z.number().int(),
    never_listed: z.array(z.string()).meta({ description: 'Servers of which it is not known what they offer' }),
    access: z.array(AccessChangeSchema),
    left_out: z
      .number()
      .int()
      .meta({ description: 'Pairs of a person and a thing that were not looked at, or are not shown' }),
    replay: ReplaySchema.nullable(),
  })
  .meta({ id: 'RulePreview' });
export type RulePreview = z.output<typeof RulePreviewSchema>;

export const MatrixSchema = z
  .object({
    policy_version: z.number().int(),
    enforcement: EnforcementSchema,
    people: z.number().int(),
    things: z.number().int(),
    never_listed: z.array(z.string()),
    rows: z.array(
      z.object({
        who: z.array(z.string()),
        what: z.array(z.string()),
        decisions: DecisionsSchema,
        rules: z.array(z.string()),
      }),
    ),
    shown: z
      .object({ who: z.array(z.string()), what: z.array(z.string()) })
      .optional()
      .meta({ description: 'Where a part was asked for: the people and things of it, in their order' }),
  })
  .meta({ id: 'RuleMatrix' });
export type Matrix = z.output<typeof MatrixSchema>;

export const SuggestionSchema = z
  .object({
    since: TimeSchema,
    calls: z.number().int(),
    stopped_at: TimeSchema.nullable(),
    rules: z.array(
      z.object({
        effect: z.enum(['allow', 'ask']),
        approvers: z.array(z.string()).optional().meta({ description: 'Of `ask`: those of the rule that asked' }),
        who: z.array(z.string()),
        what: z.array(z.string()),
        note: z.string(),
      }),
    ),
    unused_rules: z.array(z.string()).meta({ description: 'Rules that allow, and that no recorded call went by' }),
    unused: z.array(z.object({ what: z.string(), people: z.number().int() })).meta({
      description: 'What may be used and was used by nobody, and how many may',
    }),
    never_listed: z.array(z.string()),
  })
  .meta({ id: 'RuleSuggestion' });
export type Suggestion = z.output<typeof SuggestionSchema>;

export const MOST_NAMES = 5_000;
const NamesSchema = z.array(z.string()).meta({ description: `The first ${MOST_NAMES}, of them by the alphabet` });

/** What may stand as WHO in a rule. */
export const RuleNamesSchema = z
  .object({
    people: NamesSchema.meta({ description: '`user:NAME`, and `grant:LABEL` of grants that are nobody’s' }),
    groups: NamesSchema,
  })
  .meta({ id: 'RuleNames' });

export const previewsApi = {
  names: endpoint({
    name: 'listRuleNames',
    method: 'GET',
    path: '/rules/names',
    summary: 'Whom a rule can name: the names of people and groups, and nothing else of them',
    access: 'operator',
    answer: RuleNamesSchema,
  }),
  preview: endpoint({
    name: 'previewRules',
    method: 'POST',
    path: '/rules/preview',
    summary:
      'Who would gain and lose what by a change of the rules, and which recorded calls would be decided otherwise; nothing is changed',
    access: 'operator',
    body: z.strictObject({
      change: RuleChangeSchema,
      /** From when on recorded calls are looked at; left out: none. */
      since: z.iso.datetime({ offset: true }).optional(),
    }),
    answer: RulePreviewSchema,
  }),
  matrix: endpoint({
    name: 'getRuleMatrix',
    method: 'GET',
    path: '/rules/matrix',
    summary: 'Who may do what, and by which rule',
    access: 'operator',
    query: z.strictObject({
      user: z.string().max(200).optional().meta({ description: 'A name, which may have wildcards' }),
      group: z.string().max(200).optional().meta({ description: 'The people of this group' }),
      tool: z.string().max(300).optional().meta({ description: 'A glob over what servers offer' }),
      server: z.string().max(24).optional().meta({ description: 'What this server offers' }),
      people_from: IndexSchema.optional().meta({
        description: 'Of a part: how many of the people go before it. Any of these four asks for a part',
      }),
      people_most: IndexSchema.optional().meta({ description: 'Of a part: how many people it has at most' }),
      things_from: IndexSchema.optional().meta({ description: 'Of a part: how many of the things go before it' }),
      things_most: IndexSchema.optional().meta({ description: 'Of a part: how many things it has at most' }),
    }),
    answer: MatrixSchema,
  }),
  suggest: endpoint({
    name: 'suggestRules',
    method: 'GET',
    path: '/rules/suggestion',
    summary: 'The fewest rules that cover what was used, and what nobody used',
    access: 'operator',
    query: z.strictObject({
      since: z.iso.datetime({ offset: true }).meta({ description: 'From when on recorded calls are looked at' }),
    }),
    answer: SuggestionSchema,
  }),
};
