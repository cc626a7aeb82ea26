// What servers say of their tools, prompts and resource templates, as it was seen; and what of it waits for a person.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';
import { listEndpoint } from '../lists/list-endpoint.ts';

/** What a server’s record says of changes of its definitions. */
export const DefinitionPolicySchema = z.enum(['hold', 'warn', 'accept']).meta({
  description:
    'What becomes of a tool that is new or whose definition has changed. `hold`: what was accepted is served until a person accepts it; `warn`: it is served and told of, unless it holds something alarming; `accept`: it is served',
});
export type DefinitionPolicy = z.output<typeof DefinitionPolicySchema>;

const DigestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'a digest is 64 hexadecimal digits');
const NameSchema = z.string().min(1).max(2_000).meta({
  description: '`SERVER__TOOL`, `prompt:SERVER__NAME`, `template:SERVER+URI` or `instructions:SERVER`',
});

export const DefinitionFlagSchema = z
  .object({
    kind: z.string(),
    alarm: z.boolean().meta({ description: 'Nothing honest is likely to look so' }),
    at: z.string(),
    what: z.string(),
  })
  .meta({ id: 'DefinitionFlag' });
export type DefinitionFlag = z.output<typeof DefinitionFlagSchema>;

export const DefinitionStateSchema = z.enum(['accepted', 'unreviewed', 'held']).meta({
  description:
    '`unreviewed`: it has changed or is new, and is served; `held`: it has changed or is new, and is not served',
});

const ToolClassSchema = z
  .object({
    is: z.enum(['read', 'write']),
    by: z.enum(['record', 'server', 'nobody']).meta({
      description: 'Who says so: the record of its server, or the server itself; `nobody`: neither, so it may write',
    }),
  })
  .meta({ id: 'ToolClass' });
export type ToolClassView = z.output<typeof ToolClassSchema>;

export const DefinitionSchema = z
  .object({
    name: NameSchema,
    server: z.string(),
    kind: z.enum(['tool', 'prompt', 'template', 'instructions']),
    state: DefinitionStateSchema,
    accepted: DigestSchema.nullable().meta({ description: 'What was accepted last; null: nothing was' }),
    accepted_at: TimeSchema.nullable(),
    accepted_by: z.string().nullable().meta({
      description: '`first`: it was in the first list of its server; `policy`: the server’s changes are accepted',
    }),
    waiting: z
      .array(z.object({ digest: DigestSchema, seen_at: TimeSchema, state: DefinitionStateSchema }))
      .meta({ description: 'What is listed and nobody has accepted, the newest first' }),
    flags: z.array(DefinitionFlagSchema).meta({ description: 'Of the newest text' }),
    class: ToolClassSchema.nullable()
      .default(null)
      .meta({ description: 'What rules take the tool for; null: it is no tool' }),
  })
  .meta({ id: 'Definition' });
export type DefinitionView = z.output<typeof DefinitionSchema>;

const ChangeSchema = z.object({
  at: z.string().meta({ description: 'A path: `inputSchema.properties.path.description`' }),
  before: z
    .string()
    .nullable()
    .meta({ description: 'Null: it was not there. Texts as they are, other values as JSON' }),
  after: z.string().nullable(),
});

export const DefinitionDiffSchema = DefinitionSchema.extend({
  text: z.string().nullable().meta({ description: 'What was accepted last, as JSON' }),
  changes: z
    .array(
      z.object({
        digest: DigestSchema,
        text: z.string(),
        flags: z.array(DefinitionFlagSchema),
        changes: z.array(ChangeSchema),
      }),
    )
    .meta({ description: 'For each that waits: how it differs from what was accepted last' }),
}).meta({ id: 'DefinitionDiff' });
export type DefinitionDiff = z.output<typeof DefinitionDiffSchema>;

export const definitionsApi = {
  list: listEndpoint({
    name: 'listDefinitions',
    path: '/definitions',
    summary: 'What servers say of their tools, prompts, resource templates and themselves, and what waits for a person',
    access: 'operator',
    item: DefinitionSchema,
    key: 'name',
    texts: ['name'],
    filters: { state: DefinitionStateSchema.optional(), kind: DefinitionSchema.shape.kind.optional() },
    besides: {
      server: z.string().max(100).optional().meta({ description: 'Of this server alone' }),
      flagged: z
        .enum(['true', 'false'])
        .optional()
        .meta({ description: 'Whether something in its newest text was found to be suspicious' }),
    },
  }),
  diff: endpoint({
    name: 'diffDefinition',
    method: 'GET',
    path: '/definitions/diff',
    summary: 'How what waits differs from what was accepted',
    access: 'operator',
    query: z.strictObject({ name: NameSchema }),
    answer: DefinitionDiffSchema,
  }),
  accept: endpoint({
    name: 'acceptDefinitions',
    method: 'POST',
    path: '/definitions/accept',
    summary:
      'Accept texts by their digests, so that nobody accepts what they have not seen; they are served from the next list on',
    access: 'operator',
    body: z.strictObject({
      definitions: z
        .array(z.strictObject({ name: NameSchema, digest: DigestSchema }))
        .min(1)
        .max(2_000),
    }),
    answer: z.object({
      accepted: z.array(z.object({ name: NameSchema, digest: DigestSchema, before: DigestSchema.nullable() })),
    }),
  }),
};
