// Descriptions of MCP servers from which a server can be added: shipped ones, and those of an MCP registry in the same form. A value may hold
// `${field:NAME}`, where what the administrator or each person gives under that name is put in.
import { z } from 'zod';
import { AccountKindSchema, WhoseCredentialSchema } from './accounts/account-forms.ts';
import { endpoint } from './endpoint.ts';
import { SecretNameSchema, ServerNameSchema } from './fields.ts';
import { IsolationSchema, NewServerSchema, ProbeSchema, ServerSchema } from './servers.ts';
import { TextMapSchema, transportForm, UrlSchema } from './servers/transport-form.ts';

export const CatalogueFieldSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Z0-9_]{1,64}$/)
      .meta({ description: 'As in ${field:NAME}' }),
    label: z.string().min(1).max(200),
    of: z.enum(['account', 'server']).meta({
      description:
        '`account`: each person’s own where the credential is personal; `server`: the same for everybody, as an address',
    }),
    secret: z.boolean(),
    required: z.boolean().default(true),
    default: z.string().max(4096).nullable().default(null),
    choices: z.array(z.string().max(200)).max(100).default([]),
    help: z.string().max(2000).nullable().default(null).meta({
      description: 'Where it is made, and which rights it needs at least',
    }),
    url: z.string().max(2000).nullable().default(null).meta({ description: 'The page where it is made' }),
  })
  .meta({ id: 'CatalogueField' });
export type CatalogueField = z.output<typeof CatalogueFieldSchema>;

export const CatalogueEntrySchema = z
  .strictObject({
    name: z.string().min(1).max(300).meta({ description: 'What `server add --from` takes' }),
    title: z.string().min(1).max(200),
    description: z.string().max(1000),
    maker: z.string().max(200).meta({ description: 'Who publishes the server' }),
    version: z.string().max(255).nullable().default(null).meta({ description: 'Null for what runs at a URL' }),
    verified: z.boolean().meta({
      description:
        'Address, package, version, fields and probe were held against what the maker publishes; of a registry’s servers nothing is',
    }),
    transport: transportForm(
      {
        command: z.string().min(1).max(200),
        args: z.array(z.string().max(4096)).max(100).default([]),
        url: UrlSchema,
        values: TextMapSchema.default({}),
      },
      {},
      {},
    ),
    fields: z.array(CatalogueFieldSchema).max(50).default([]),
    oauth: z
      .strictObject({
        scopes: z.array(z.string().max(200)).max(50).default([]),
        client: z.enum(['automatic', 'registered']).meta({
          description: '`registered`: an administrator registers a client at the maker first',
        }),
        issuer: z.string().max(2000).nullable().default(null).meta({
          description: 'Its authorization server, to which a client that was registered by hand is bound',
        }),
        help: z.string().max(2000).nullable().default(null),
      })
      .nullable()
      .default(null)
      .meta({ description: 'Null where it takes no OAuth' }),
    credential: WhoseCredentialSchema.meta({ description: 'Whose credential makes sense' }),
    account: AccountKindSchema.nullable().meta({ description: 'What to log in with; null: nothing' }),
    isolation: IsolationSchema.default('shared'),
    probe: ProbeSchema.nullable()
      .default(null)
      .meta({ description: 'A read-only tool that tells whether a credential is good; null: its lists must do' }),
    docs: z.string().max(2000).nullable().meta({ description: 'What its maker says of it' }),
    note: z.string().max(2000).nullable().default(null),
  })
  .meta({ id: 'CatalogueEntry' });
export type CatalogueEntry = z.output<typeof CatalogueEntrySchema>;
/** As it is written: what has a default may be left out. */
export type CatalogueEntryText = z.input<typeof CatalogueEntrySchema>;

export const CatalogueListSchema = z
  .object({
    entries: z.array(CatalogueEntrySchema),
    left_out: z
      .array(z.object({ name: z.string(), why: z.string() }))
      .meta({ description: 'Servers of the registry that cannot be added' }),
  })
  .meta({ id: 'CatalogueList' });
export type CatalogueList = z.output<typeof CatalogueListSchema>;

const FromCatalogueSchema = z.strictObject({
  from: z.string().min(1).max(300).meta({ description: 'Name of an entry, or `registry:NAME`' }),
  name: ServerNameSchema.optional().meta({ description: 'Of the server; made of the entry’s unless said' }),
  version: z.string().max(255).optional().meta({
    description: 'The one that was looked at; refused where the registry has another one by now',
  }),
  credential: WhoseCredentialSchema.optional().meta({ description: 'As the entry recommends unless said' }),
  account: AccountKindSchema.optional().meta({ description: 'As the entry recommends unless said' }),
  isolation: IsolationSchema.optional(),
  values: z
    .record(z.string().max(64), z.string().max(64 * 1024))
    .default({})
    .meta({ description: 'By the name of the field; what is secret goes into the vault, and is nowhere else' }),
  secrets: z
    .record(z.string().max(64), SecretNameSchema)
    .default({})
    .meta({ description: 'Secrets that the vault has already, by the name of the field' }),
  scopes: z.array(z.string().max(200)).max(100).optional(),
  client_id: z.string().min(1).max(2000).optional(),
  client_secret: SecretNameSchema.optional().meta({ description: 'The secret of the vault that is its secret' }),
  issuer: z.string().max(2000).optional(),
  dry_run: z.boolean().default(false).meta({ description: 'Say what would be added, and change nothing' }),
});

export const AddedFromCatalogueSchema = z
  .object({
    server: ServerSchema.nullable().meta({ description: 'Null in a dry run' }),
    record: NewServerSchema.meta({ description: 'As `POST /servers` takes it' }),
    secrets: z
      .array(z.object({ field: z.string(), name: z.string() }))
      .meta({ description: 'What goes into the vault: names, never a value' }),
    missing: z
      .array(z.string())
      .meta({ description: 'In a dry run: what must be given before it can be added, by field; `client_id` too' }),
    redirect_url: z.string().nullable().meta({
      description:
        'What a client that is registered by hand names as its redirect URL; it ends in `DIGEST` where the issuer is not known: the first 32 characters of the SHA-256 of the issuer. Null: people log in there by no OAuth',
    }),
    dry_run: z.boolean(),
  })
  .meta({ id: 'AddedFromCatalogue' });
export type AddedFromCatalogue = z.output<typeof AddedFromCatalogueSchema>;

export type FromCatalogue = z.output<typeof FromCatalogueSchema>;

export const catalogueApi = {
  list: endpoint({
    name: 'listCatalogue',
    method: 'GET',
    path: '/catalogue',
    summary: 'Well-known MCP servers that can be added, or those of the MCP registry',
    access: 'operator',
    query: z.strictObject({
      search: z.string().max(200).optional().meta({ description: 'Only those that this word occurs in' }),
      registry: z
        .enum(['true', 'false'])
        .default('false')
        .meta({ description: 'Ask the MCP registry of the configuration' }),
    }),
    answer: CatalogueListSchema,
  }),
  show: endpoint({
    name: 'getCatalogueEntry',
    method: 'GET',
    path: '/catalogue/:name',
    summary: 'One of them; `registry:NAME` is the newest version of a server in the MCP registry',
    access: 'operator',
    params: z.strictObject({ name: z.string().min(1).max(300).meta({ description: 'As the catalogue has it' }) }),
    answer: CatalogueEntrySchema,
  }),
  add: endpoint({
    name: 'addServerFromCatalogue',
    method: 'POST',
    path: '/servers/from-catalogue',
    summary: 'Register a server from an entry of the catalogue; its secrets move into the vault',
    access: 'operator',
    body: FromCatalogueSchema,
    answer: AddedFromCatalogueSchema,
  }),
};
