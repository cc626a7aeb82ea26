// Bundles: curated sets of tools with names, texts and fixed arguments of their own.
import { z } from 'zod';
import { listEndpoint } from '../lists/list-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import {
  BundleNameSchema,
  GroupNameSchema,
  JsonValueSchema,
  ManagedBySchema,
  NameParams,
  TimeSchema,
} from '../fields.ts';

const FixedSchema = z.record(z.string().min(1).max(200), JsonValueSchema).meta({
  description: 'Arguments that every call gets, by their names; clients neither see nor send them. Never a secret',
});

export const NewBundleToolSchema = z
  .strictObject({
    tool: z
      .string()
      .regex(/^[a-z0-9-]{1,24}__[^\p{C}]{1,256}$/u, 'a tool is SERVER__TOOL, with the name that the server gives it')
      .meta({ description: 'SERVER__TOOL, with the name that the server gives the tool' }),
    as: z
      .string()
      .regex(/^[a-zA-Z0-9_-]{1,50}$/, 'the name of a tool in a bundle is 1 to 50 of a-z, A-Z, 0-9, _ and -')
      .optional()
      .meta({ description: "What clients see; the tool's own name unless said" }),
    describe: z
      .string()
      .trim()
      .min(1)
      .max(8_000)
      .optional()
      .meta({ description: "Stands for the server's description" }),
    fix: FixedSchema.optional(),
  })
  .meta({ id: 'NewBundleTool' });
export type NewBundleTool = z.output<typeof NewBundleToolSchema>;

export const BundleSchema = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    tools: z.array(
      z.object({
        tool: z.string().nullable().meta({ description: 'SERVER__TOOL; null where the server is removed' }),
        name: z.string(),
        description: z.string().nullable(),
        fixed: z.record(z.string(), z.unknown()),
      }),
    ),
    groups: z.array(z.string()).meta({ description: 'The groups whose people get it by default' }),
    managed_by: ManagedBySchema,
    created_at: TimeSchema,
    updated_at: TimeSchema,
    created_by: z.string(),
  })
  .meta({ id: 'Bundle' });
export type BundleView = z.output<typeof BundleSchema>;

export const ChangedBundleSchema = BundleSchema.extend({
  warnings: z
    .array(z.string())
    .meta({ description: 'Tools that nobody knows of today, with what may have been meant' }),
}).meta({ id: 'ChangedBundle' });

export const RemovedBundleSchema = BundleSchema.extend({
  rules: z
    .array(z.string())
    .meta({ description: 'The rules that name it: they would mean another bundle of that name' }),
}).meta({ id: 'RemovedBundle' });

const DescriptionSchema = z.string().trim().max(2_000);

export const bundlesApi = {
  list: listEndpoint({
    name: 'listBundles',
    path: '/bundles',
    summary: 'All bundles',
    access: 'operator',
    item: BundleSchema,
    key: 'name',
    texts: ['name', 'description'],
  }),
  add: endpoint({
    name: 'addBundle',
    method: 'POST',
    path: '/bundles',
    summary: 'Add a bundle; clients reach it at once at /mcp/NAME and with `serve --bundle NAME`',
    access: 'operator',
    body: z.strictObject({
      name: BundleNameSchema,
      description: DescriptionSchema.optional(),
      tools: z.array(NewBundleToolSchema).min(1).max(100),
    }),
    answer: ChangedBundleSchema,
  }),
  show: endpoint({
    name: 'getBundle',
    tagged: { without: ['warnings'] },
    method: 'GET',
    path: '/bundles/:name',
    summary: 'One bundle',
    access: 'operator',
    params: NameParams,
    answer: ChangedBundleSchema,
  }),
  set: endpoint({
    name: 'setBundle',
    edits: 'getBundle',
    method: 'PATCH',
    path: '/bundles/:name',
    summary: 'Change a bundle; holds from the next call on',
    access: 'operator',
    params: NameParams,
    body: z.strictObject({
      description: DescriptionSchema.nullable().optional(),
      tools: z
        .array(NewBundleToolSchema)
        .max(100)
        .default([])
        .meta({ description: 'Put in, or in the place of the same tool under the same name' }),
      without: z
        .array(z.string().min(1).max(300))
        .max(100)
        .default([])
        .meta({ description: 'Taken out: by SERVER__TOOL, or by the name in the bundle' }),
    }),
    answer: ChangedBundleSchema,
  }),
  remove: endpoint({
    name: 'removeBundle',
    edits: 'getBundle',
    method: 'DELETE',
    path: '/bundles/:name',
    summary: 'Remove a bundle; its tools stay where they are',
    access: 'operator',
    params: NameParams,
    answer: RemovedBundleSchema,
  }),
  setDefault: endpoint({
    name: 'setDefaultBundle',
    method: 'PUT',
    path: '/groups/:name/bundle',
    summary: 'What people of a group get where they ask for nothing else; null: everything',
    access: 'operator',
    params: NameParams,
    body: z.strictObject({ bundle: z.string().min(1).max(64).nullable() }),
    answer: z.object({ group: GroupNameSchema, bundle: z.string().nullable(), managed_by: ManagedBySchema }),
  }),
};
