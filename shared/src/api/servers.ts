// Registered upstream MCP servers. Values hold `${secret:NAME}` references, never a secret.
import { z } from 'zod';
import { AccountFormSchema, WhoseCredentialSchema } from './accounts/account-forms.ts';
import { DefinitionPolicySchema } from './definitions/definitions-api.ts';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { ManagedBySchema, NameParams, ServerNameSchema, TimeSchema } from './fields.ts';
import { KeptLimitsSchema, ResourceLimitsSchema } from './resource-limits.ts';
import { RuleEffectSchema } from './rules.ts';
import { ImportResultSchema, TestStepSchema } from './servers/server-results.ts';
import { ToolClassesSchema } from './servers/tool-classes.ts';
import { TextMapSchema, transportForm, UrlSchema } from './servers/transport-form.ts';

const TrustAnnotationsSchema = z.boolean().meta({
  description:
    'Believe its tools that they are read-only or idempotent: such a call is sent again where its connection died',
});

/** What the log keeps of the values in the arguments of calls of a server. */
export const AuditArgumentsSchema = z.enum(['none', 'masked', 'full']).meta({
  description:
    'What the log keeps of arguments, sealed, for auditors: nothing but names and a digest; values without what looks like a secret; or all of them',
});
export type AuditArguments = z.output<typeof AuditArgumentsSchema>;

/** Who shares a connection: everybody, one person's sessions, or nobody. Only `per-session` lets a legacy server ask its client something. */
export const IsolationSchema = z.enum(['shared', 'per-user', 'per-session']);
export type Isolation = z.output<typeof IsolationSchema>;

/** How its processes are kept apart from the broker and from other servers. */
export const ProcessIsolationSchema = z.enum(['sandbox', 'uid', 'none']);
export type ProcessIsolation = z.output<typeof ProcessIsolationSchema>;

export const NetworkSchema = z.enum(['full', 'none']).meta({
  description:
    'What a server that mcpgate starts can reach; `none` is kept by a sandbox, and nothing starts without one',
});

export const ProbeSchema = z
  .strictObject({
    tool: z.string().min(1).max(200).meta({ description: 'As the server calls it' }),
    arguments: z.record(z.string(), z.unknown()).default({}),
  })
  .meta({
    id: 'Probe',
    description: 'A call of a read-only tool that tells whether the service takes the credential',
  });

export const IdentityHeaderSchema = z.string().min(1).max(64).meta({
  description: 'The header of each request in which the server is told who asks, by a short-lived signed JWT',
});

const CommandSchema = z.string().min(1).max(4096);
const ArgumentsSchema = z.array(z.string().max(20_000)).max(200);
const FolderSchema = z.string().max(4096);

export const TransportSchema = transportForm(
  {
    command: CommandSchema,
    args: ArgumentsSchema.default([]),
    url: UrlSchema,
    values: TextMapSchema.default({}),
  },
  { cwd: FolderSchema.optional(), limits: ResourceLimitsSchema.optional(), network: NetworkSchema.optional() },
  { identity_header: IdentityHeaderSchema.nullable().optional() },
);
export type TransportForm = z.output<typeof TransportSchema>;
const TransportKindSchema = z.enum(TransportSchema.options.map(({ shape }) => shape.kind.value));

const optionalMap = z.record(TextMapSchema.keyType, TextMapSchema.valueType.nullable());

/** All that is said of a server, but for its name, and whether it is enabled. */
export const RecordSchema = z
  .strictObject({
    isolation: IsolationSchema.default('shared'),
    trust_annotations: TrustAnnotationsSchema.default(false),
    tool_classes: ToolClassesSchema.default({ read: [], write: [] }),
    credential: WhoseCredentialSchema.default('shared'),
    account: AccountFormSchema.nullable().default(null),
    probe: ProbeSchema.nullable().default(null),
    definitions: DefinitionPolicySchema.default('warn'),
    audit_arguments: AuditArgumentsSchema.default('none'),
    transport: TransportSchema,
  })
  .meta({ id: 'ServerRecord' });
export type RecordForm = z.output<typeof RecordSchema>;

export const ServerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    isolation: IsolationSchema.meta({ description: 'What holds: a personal server is at least `per-user`' }),
    credential: WhoseCredentialSchema.default('shared'),
    account: AccountFormSchema.nullable()
      .default(null)
      .meta({ description: 'Null where all that it needs is in the vault' }),
    probe: ProbeSchema.nullable().default(null),
    definitions: DefinitionPolicySchema.default('warn'),
    audit_arguments: AuditArgumentsSchema.default('none'),
    trust_annotations: TrustAnnotationsSchema,
    tool_classes: ToolClassesSchema,
    transport: TransportKindSchema,
    command: z.string().nullable(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    cwd: z.string().nullable(),
    url: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    identity_header: IdentityHeaderSchema.nullable().default(null),
    secrets: z.array(z.string()).meta({ description: 'Names of the secrets that it refers to' }),
    state: z.enum(['disabled', 'idle', 'starting', 'ready', 'failed']),
    circuit: z.enum(['closed', 'open', 'half-open']).meta({
      description:
        '`open`: failed several times in a row and not tried before `retry_at`; `half-open`: one try decides',
    }),
    retry_at: TimeSchema.nullable(),
    flapping: z.boolean().meta({ description: 'Its connections start, and end by themselves again and again' }),
    error: z.string().nullable(),
    stderr: z.array(z.string()),
    warnings: z.array(z.string()).default([]).meta({
      description:
        'What it sends that is not as it should be, and what became of it: entries repaired or left out, pages that could not be read',
    }),
    tools: z.number().int().nullable(),
    processes: z.number().int(),
    unisolated: z.boolean().meta({ description: 'The same as `process_isolation` of `none`' }),
    process_isolation: ProcessIsolationSchema.nullable().meta({
      description:
        'What keeps its processes apart from the broker and from other servers. Null where mcpgate starts no process',
    }),
    no_sandbox: z.string().nullable().meta({ description: 'Why its processes have no sandbox' }),
    network: NetworkSchema.nullable(),
    limits: KeptLimitsSchema.nullable().meta({
      description: 'What its processes may use up; null inside: no limit. Null where mcpgate starts no process',
    }),
    limits_missing: z
      .string()
      .nullable()
      .meta({ description: 'Why some limits cannot be kept on the broker’s computer' }),
    managed_by: ManagedBySchema,
    former_names: z.array(z.string()).default([]).meta({
      description: 'What it was called; clients that still say so are served as long as no other server has the name',
    }),
    revision: z.number().int().default(1).meta({ description: 'Grows with each change; a part of the ETag' }),
    created_at: TimeSchema,
    updated_at: TimeSchema,
  })
  .meta({ id: 'Server' });
export type Server = z.output<typeof ServerSchema>;

/** The entity tag of a server's record (RFC 9110, section 8.8.3). */
export const serverEtag = ({ id, revision }: Pick<Server, 'id' | 'revision'>): string => `"${id}.${revision}"`;

export const EditableServerSchema = z
  .object({
    name: z.string(),
    id: z.string(),
    revision: z.number().int(),
    updated_at: TimeSchema,
    record: RecordSchema,
  })
  .meta({ id: 'EditableServer' });

/** A change of a server, or what it would be. */
export const ChangedServerSchema = ServerSchema.extend({
  changes: z
    .array(z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }))
    .meta({ description: 'Null: it is not there. What looks like a secret is not shown' }),
  secrets_unused: z.array(z.string()).meta({ description: 'Secrets that nothing refers to any more' }),
  accounts_left: z
    .number()
    .int()
    .meta({ description: 'Accounts that do not go along: their owners must connect again' }),
  probe_warning: z
    .string()
    .nullable()
    .default(null)
    .meta({ description: 'What speaks against a probe that was named; null: nothing, or none was' }),
  dry_run: z.boolean(),
}).meta({ id: 'ChangedServer' });
export type ChangedServer = z.output<typeof ChangedServerSchema>;

export const AddedServerSchema = ServerSchema.extend({
  former_name_of: z.string().nullable().default(null).meta({
    description: 'The server that was called so before: AI clients that still say so reach the new one from now on',
  }),
}).meta({ id: 'AddedServer' });

export const RemovedServerSchema = ServerSchema.extend({
  secrets_unused: z.array(z.string()).meta({ description: 'Secrets that only this server referred to; they stay' }),
  accounts_revoked: z.number().int().meta({ description: 'Accounts that were ended at their provider, too' }),
  accounts_left: z
    .array(z.object({ accounts: z.number().int(), why: z.string() }))
    .meta({ description: 'Accounts that are forgotten here and may be good elsewhere, by why' }),
}).meta({ id: 'RemovedServer' });

export const RenamedServerSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    server: ServerSchema,
    rules: z
      .array(z.object({ id: z.string(), before: z.array(z.string()), after: z.array(z.string()) }))
      .meta({ description: 'Rules that named the server, and name it by its new name now' }),
    shifted: z
      .array(
        z.object({
          rule: z.string(),
          effect: RuleEffectSchema,
          what: z.string(),
          shift: z.enum(['less', 'more', 'other']),
        }),
      )
      .meta({ description: 'Rules whose wildcards match less, more or other things of it under its new name' }),
    grants: z.array(z.string()).meta({ description: 'Labels of the grants that are bound to it' }),
    grants_gained: z
      .array(z.string())
      .meta({ description: 'Labels of grants that were bound to a server of the new name, which did not exist' }),
    former_name_of: z.string().nullable().meta({ description: 'As of a server that is added' }),
    dry_run: z.boolean(),
  })
  .meta({ id: 'RenamedServer' });
export type RenamedServer = z.output<typeof RenamedServerSchema>;

/** A server as it is added. */
export const NewServerSchema = RecordSchema.extend({ name: ServerNameSchema });
export type NewServer = z.output<typeof NewServerSchema>;

export const serversApi = {
  list: listEndpoint({
    name: 'listServers',
    path: '/servers',
    summary: 'All servers',
    access: 'operator',
    item: ServerSchema,
    key: 'name',
    texts: ['name'],
    filters: { enabled: z.enum(['true', 'false']).optional(), state: ServerSchema.shape.state.optional() },
  }),
  add: endpoint({
    name: 'addServer',
    method: 'POST',
    path: '/servers',
    summary: 'Register a server; its values may refer to secrets but may not hold one',
    access: 'operator',
    body: NewServerSchema,
    answer: AddedServerSchema,
    etag: serverEtag,
  }),
  import: endpoint({
    name: 'importServers',
    method: 'POST',
    path: '/servers/import',
    summary:
      'Register every server of a client configuration; secrets move into the vault. What cannot be a server is left out and said',
    access: 'operator',
    body: z.strictObject({
      mcpServers: z.record(z.string(), z.unknown()),
      isolation: z.record(z.string(), IsolationSchema).default({}),
      trust_annotations: z
        .array(z.string())
        .default([])
        .meta({ description: 'Names of the servers of which it is true' }),
      inputs: z
        .array(z.string())
        .default([])
        .meta({ description: 'Inputs of the client (${input:NAME}) that it asks for as passwords' }),
      plain: z.array(z.string()).default([]).meta({
        description: 'Names of doubtful secrets, as a dry run gives them, that are none and stay in the record',
      }),
      dry_run: z.boolean().default(false).meta({ description: 'Say what would be done, and change nothing' }),
    }),
    answer: ImportResultSchema,
  }),
  show: endpoint({
    name: 'getServer',
    method: 'GET',
    path: '/servers/:name',
    summary: 'One server',
    access: 'operator',
    params: NameParams,
    answer: ServerSchema,
    etag: serverEtag,
  }),
  record: endpoint({
    name: 'getServerRecord',
    method: 'GET',
    path: '/servers/:name/record',
    summary: 'What is said of one server, in the form in which it is replaced',
    access: 'operator',
    params: NameParams,
    answer: EditableServerSchema,
    etag: serverEtag,
  }),
  replace: endpoint({
    name: 'replaceServerRecord',
    ifMatch: 'must',
    method: 'PUT',
    path: '/servers/:name/record',
    summary:
      'Replace what is said of a server, as it was read: with `If-Match` (428 without), and 412 where it was changed meanwhile',
    access: 'operator',
    params: NameParams,
    query: z.strictObject({
      dry_run: z.enum(['true', 'false']).default('false').meta({ description: '`true`: say what would be changed' }),
    }),
    body: RecordSchema,
    answer: ChangedServerSchema,
    etag: serverEtag,
  }),
  rename: endpoint({
    name: 'renameServer',
    ifMatch: 'may',
    method: 'POST',
    path: '/servers/:name/rename',
    summary: 'Give a server another name; rules and grants that name it, its accounts and its history go along',
    params: NameParams,
    body: z.strictObject({ to: ServerNameSchema, dry_run: z.boolean().default(false) }),
    answer: RenamedServerSchema,
    etag: ({ server }) => serverEtag(server),
  }),
  update: endpoint({
    name: 'updateServer',
    ifMatch: 'may',
    method: 'PATCH',
    path: '/servers/:name',
    summary: 'Change what is named of a server, and leave the rest; its connections end once their calls are done',
    access: 'operator',
    params: NameParams,
    body: z.strictObject({
      trust_annotations: TrustAnnotationsSchema.optional(),
      tool_classes: ToolClassesSchema.partial().optional().meta({ description: 'What is left out stays' }),
      isolation: IsolationSchema.optional(),
      credential: WhoseCredentialSchema.optional(),
      account: AccountFormSchema.nullable().optional(),
      probe: ProbeSchema.nullable().optional(),
      definitions: DefinitionPolicySchema.optional(),
      audit_arguments: AuditArgumentsSchema.optional(),
      url: UrlSchema.optional().meta({ description: 'Of a command: it is at this URL from now on' }),
      headers: optionalMap.optional().meta({ description: 'Null takes one out; others stay' }),
      identity_header: IdentityHeaderSchema.nullable()
        .optional()
        .meta({ description: 'Null: the server is not told who asks' }),
      command: CommandSchema.optional().meta({
        description: 'Of a server at a URL: it is this command from now on',
      }),
      args: ArgumentsSchema.optional(),
      env: optionalMap.optional().meta({ description: 'Null takes one out; others stay' }),
      cwd: FolderSchema.nullable().optional(),
      limits: ResourceLimitsSchema.optional(),
      network: NetworkSchema.optional(),
      dry_run: z.boolean().default(false).meta({ description: 'Say what would be changed, and change nothing' }),
    }),
    answer: ChangedServerSchema,
    etag: serverEtag,
  }),
  test: endpoint({
    name: 'testServer',
    method: 'POST',
    path: '/servers/:name/test',
    summary: 'Connect anew, list its tools and call its probe, step by step; live connections are not touched',
    access: 'operator',
    params: NameParams,
    answer: z.array(TestStepSchema),
  }),
  enable: endpoint({
    name: 'enableServer',
    etag: serverEtag,
    ifMatch: 'may',
    method: 'POST',
    path: '/servers/:name/enable',
    summary: 'Offer a server again',
    access: 'operator',
    params: NameParams,
    answer: ServerSchema,
  }),
  disable: endpoint({
    name: 'disableServer',
    etag: serverEtag,
    ifMatch: 'may',
    endsAccess: true,
    method: 'POST',
    path: '/servers/:name/disable',
    summary: 'Stop offering a server; its record and secrets stay',
    access: 'operator',
    params: NameParams,
    answer: ServerSchema,
  }),
  remove: endpoint({
    name: 'removeServer',
    ifMatch: 'may',
    method: 'DELETE',
    path: '/servers/:name',
    summary: 'Remove a server; its secrets stay in the vault',
    access: 'operator',
    params: NameParams,
    answer: RemovedServerSchema,
  }),
};
