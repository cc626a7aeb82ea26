// Configuration as code: what one file says of servers, secrets, bundles, people, groups and rules. The API takes it in this form, the commands read
// it as YAML, and its JSON Schema is made from here. It refers to secrets by their names and never holds one.
import { z } from 'zod';
import { NewBundleToolSchema } from '../bundles/bundles.ts';
import {
  BundleNameSchema,
  GroupNameSchema,
  RoleSchema,
  SecretNameSchema,
  ServerNameSchema,
  UserNameSchema,
} from '../fields.ts';
import {
  ApproverSchema,
  EnforcementSchema,
  LimitPerSchema,
  RuleEffectSchema,
  WhatSchema,
  WhoSchema,
} from '../rules.ts';
import { HookFormSchema, HookNameSchema } from '../hooks/hooks-api.ts';
import { RecordSchema } from '../servers.ts';

const MOST_RULES = 2_000;
const MOST_OTHERS = 1_000;

const listOf = <T extends z.ZodType>(item: T, most: number, example: string) =>
  z.array(item, `write a list, as [${example}]`).max(most);

const WHO = 'group:payments';
const whoList = listOf(WhoSchema, 100, WHO);

/** The name of a rule is its id: denials and the log name it so. */
export const RuleNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,49}$/,
    'a rule name is 1 to 50 of a-z, 0-9, ".", "_" and "-", and begins with a letter or digit',
  )
  .meta({ description: 'Name of a rule, which is its id: denials and the log name it so' });

export const RuleFormSchema = z
  .strictObject({
    effect: RuleEffectSchema,
    who: whoList.min(1),
    except: whoList.optional().meta({ description: 'But none of these' }),
    what: listOf(WhatSchema, 100, '"github__*"').min(1),
    when: z.string().min(1).max(2_000).optional().meta({
      description: 'A CEL condition over `args`, `user`, `tool`, `time` and `client`',
    }),
    limit: listOf(z.string().max(100), 10, '10/minute').optional().meta({
      description: 'At most so many calls within any such time: `10/minute`, `5/15m per group`',
    }),
    sum: listOf(z.string().max(400), 10, 'args.amount<=500/day').optional().meta({
      description:
        'What the calls together come to: `args.amount<=500/day`, with ` per group` or ` per rule` behind it',
    }),
    per: LimitPerSchema.optional().meta({
      description: 'Who shares the allowances that do not say so themselves: person unless said',
    }),
    approver: listOf(ApproverSchema, 20, 'group:leads').optional().meta({
      description: 'Of `ask`: who decides, people and groups, or self for whoever calls; none: administrators',
    }),
    until: z.string().max(40).optional().meta({
      description: 'From then on the rule does nothing: 2026-12-24 or 2026-12-24T18:00:00Z',
    }),
    observe: z.boolean().optional().meta({ description: 'The rule decides nothing: the log says would_deny' }),
    note: z.string().max(500).optional(),
  })
  .meta({ id: 'RuleForm', description: 'A rule, in the words of `rule add`' });
export type RuleForm = z.output<typeof RuleFormSchema>;

export const ServerFormSchema = RecordSchema.extend({ enabled: z.boolean().default(true) }).meta({
  id: 'ServerForm',
  description: 'The record of a server, as `server edit` has it. Values say ${secret:NAME}, and never are a secret',
});
export type ServerForm = z.output<typeof ServerFormSchema>;

export const SecretFormSchema = z
  .strictObject({
    from: z.string().min(1).max(2000).optional().meta({
      description:
        'Where it is read: env:NAME, file:/PATH, vault:PATH#KEY or command:…; left out: it must have been set',
    }),
    keep_for: z.string().max(20).optional().meta({
      description: 'How long what was read before lives on while its source is away: 1h; not at all unless said',
    }),
    refresh: z.string().max(20).optional().meta({ description: 'How often it is read again: 5m' }),
  })
  .refine(
    ({ from, keep_for: keep, refresh }) => from !== undefined || (keep === undefined && refresh === undefined),
    'keep_for and refresh are of `from`',
  )
  .meta({ id: 'SecretForm', description: 'A secret that servers refer to; its value is never here' });
export type SecretForm = z.output<typeof SecretFormSchema>;

export const BundleFormSchema = z
  .strictObject({
    description: z.string().trim().max(2_000).optional(),
    tools: listOf(NewBundleToolSchema, 100, 'tool: github__create_issue').min(1),
  })
  .meta({ id: 'BundleForm' });
export type BundleForm = z.output<typeof BundleFormSchema>;

export const PersonFormSchema = z.strictObject({ role: RoleSchema }).meta({
  id: 'PersonForm',
  description: 'The role of a person whom the broker knows; people are added by `user add`, an IdP or SCIM',
});

export const GroupFormSchema = z
  .strictObject({
    members: listOf(UserNameSchema, 1_000, 'ada').default([]).meta({ description: 'All of them, and nobody else' }),
    bundle: BundleNameSchema.optional().meta({ description: 'What its people get where they ask for nothing else' }),
  })
  .meta({ id: 'GroupForm' });
export type GroupForm = z.output<typeof GroupFormSchema>;

const named = <K extends z.ZodType<string, string>, V extends z.ZodType>(key: K, value: V, most: number) =>
  z
    .record(key, value, 'write names, and what is said of each')
    .refine((entries) => Object.keys(entries).length <= most, `there are more than ${most}`);

export const ConfigurationSchema = z
  .strictObject({
    version: z.literal(1, 'this version of mcpgate reads version 1').optional().meta({ description: 'Of this form' }),
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        'the name of a configuration is 1 to 64 letters, digits, ".", "_" and "-"',
      )
      .optional()
      .meta({ description: 'What it manages says `managed by NAME`; the name of the file or folder unless said' }),
    secrets: named(SecretNameSchema, SecretFormSchema, MOST_OTHERS).optional(),
    servers: named(ServerNameSchema, ServerFormSchema, MOST_OTHERS).optional(),
    bundles: named(BundleNameSchema, BundleFormSchema, MOST_OTHERS).optional(),
    people: named(UserNameSchema, PersonFormSchema, MOST_OTHERS).optional(),
    groups: named(GroupNameSchema, GroupFormSchema, MOST_OTHERS).optional(),
    rules: named(RuleNameSchema, RuleFormSchema, MOST_RULES).optional(),
    hooks: named(HookNameSchema, HookFormSchema, MOST_OTHERS).optional(),
    enforcement: EnforcementSchema.optional().meta({
      description: 'off: rules are not asked; observe: a deny is only recorded; enforce: a deny denies',
    }),
  })
  .meta({ id: 'Configuration' });
export type Configuration = z.output<typeof ConfigurationSchema>;
/** As it is written: what is left out has its default. */
export type WrittenConfiguration = z.input<typeof ConfigurationSchema>;

/** The kinds of things that a configuration is about, in the order in which they stand in a file. */
export const SECTIONS = ['secrets', 'servers', 'bundles', 'people', 'groups', 'rules', 'hooks'] as const;
export type Section = (typeof SECTIONS)[number];
export const KindSchema = z.enum(['secret', 'server', 'bundle', 'role', 'group', 'rule', 'hook', 'enforcement']);
export type ConfigurationKind = z.output<typeof KindSchema>;
