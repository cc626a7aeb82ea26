// What a configuration would change, and what it has changed.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';
import { AccessChangeSchema } from '../rules/previews.ts';
import { ConfigurationSchema, KindSchema } from './configuration.ts';

const FieldChangeSchema = z
  .object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() })
  .meta({ id: 'FieldChange', description: 'Null: it is not there. What looks like a secret is not shown' });

export const PlannedChangeSchema = z
  .object({
    kind: KindSchema,
    name: z.string(),
    action: z.enum(['add', 'change', 'remove']),
    summary: z.string().meta({ description: 'What it is, in one line' }),
    fields: z.array(FieldChangeSchema),
    drift: z.boolean().meta({ description: 'It was changed by hand since this configuration was applied' }),
  })
  .meta({ id: 'PlannedChange' });
export type PlannedChange = z.output<typeof PlannedChangeSchema>;

export const DriftSchema = z
  .object({
    kind: KindSchema,
    name: z.string(),
    gone: z.boolean().meta({ description: 'It was removed by hand' }),
    fields: z.array(FieldChangeSchema),
  })
  .meta({ id: 'ConfigurationDrift', description: 'What was changed by hand since the configuration was applied' });

export const ManagedConfigurationsSchema = z
  .object({
    configurations: z.array(
      z.object({
        managed_by: z.string(),
        applied_at: TimeSchema.meta({ description: 'When it was applied last' }),
        things: z.array(z.object({ kind: KindSchema, count: z.number().int() })),
        drift: z.array(DriftSchema),
        left_out: z.number().int().meta({ description: 'How many further differences there are' }),
      }),
    ),
  })
  .meta({ id: 'ManagedConfigurations' });
export type ManagedConfigurations = z.output<typeof ManagedConfigurationsSchema>;

const GainsSchema = z
  .object({
    as_enforced: z.boolean(),
    people: z.number().int(),
    things: z.number().int(),
    never_listed: z.array(z.string()),
    access: z.array(AccessChangeSchema),
    left_out: z.number().int(),
  })
  .meta({ description: 'Who gains and who loses what' });

export const ConfigurationPlanSchema = z
  .object({
    managed_by: z.string(),
    version: z.string().meta({ description: 'Of the state that the plan is made from' }),
    changes: z.array(PlannedChangeSchema),
    counts: z.object({ add: z.number().int(), change: z.number().int(), remove: z.number().int() }),
    drift: z.array(DriftSchema),
    taken_over: z.array(z.string()).meta({
      description: 'What is as it should be and was made by hand: it is managed by this configuration from now on',
    }),
    released: z
      .array(z.string())
      .meta({ description: 'What stays as it is, and is managed by this configuration no more' }),
    warnings: z.array(z.string()),
    preview: GainsSchema.nullable().meta({ description: 'Null: nobody can gain or lose anything by it' }),
  })
  .meta({ id: 'ConfigurationPlan' });
export type ConfigurationPlan = z.output<typeof ConfigurationPlanSchema>;

export const AppliedConfigurationSchema = ConfigurationPlanSchema.extend({
  digest: z.string().meta({ description: 'SHA-256 of the configuration, as the log has it' }),
}).meta({ id: 'AppliedConfiguration' });
export type AppliedConfiguration = z.output<typeof AppliedConfigurationSchema>;

const TakeOverSchema = z.array(z.string().max(200)).max(20).default([]).meta({
  description: 'Configurations whose things this one may manage from now on',
});

const SourceSchema = z.string().min(1).max(200).meta({
  description: 'The name of the file or folder; it manages what it says where the configuration has no name of its own',
});

export const configApi = {
  export: endpoint({
    name: 'exportConfiguration',
    method: 'GET',
    path: '/config',
    summary: 'Servers, secrets by name, bundles, roles, groups, rules and enforcement as one configuration',
    answer: z.object({ version: z.string(), configuration: ConfigurationSchema }),
  }),
  managed: endpoint({
    name: 'showManagedConfigurations',
    method: 'GET',
    path: '/config/managed',
    summary: 'What configurations manage, and what of it was changed by hand since they were applied',
    answer: ManagedConfigurationsSchema,
  }),
  plan: endpoint({
    name: 'planConfiguration',
    method: 'POST',
    path: '/config/plan',
    summary: 'What a configuration would change; nothing is changed',
    body: z.strictObject({ source: SourceSchema, configuration: ConfigurationSchema, take_over: TakeOverSchema }),
    answer: ConfigurationPlanSchema,
  }),
  apply: endpoint({
    name: 'applyConfiguration',
    method: 'POST',
    path: '/config/apply',
    summary: 'Change what a plan has shown, all of it or nothing; 412 where the state is another one by now',
    body: z.strictObject({
      source: SourceSchema,
      configuration: ConfigurationSchema,
      take_over: TakeOverSchema,
      version: z.string().min(1).max(100).meta({ description: 'Of the plan' }),
      /** Of what the person has before them: the names of the files with their SHA-256, for the log. */
      files: z.array(z.string().max(300)).max(100).default([]),
    }),
    answer: AppliedConfigurationSchema,
  }),
};
