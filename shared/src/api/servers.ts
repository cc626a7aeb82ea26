// Registered upstream MCP servers. Values hold `${secret:NAME}` references, never a secret.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { NameParams, ServerNameSchema, TimeSchema } from './fields.ts';

export const IsolationSchema = z.enum(['shared', 'per-user']);

const textMap = z.record(z.string().min(1).max(200), z.string().max(20_000));

export const TransportSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('stdio'),
    command: z.string().min(1).max(4096),
    args: z.array(z.string().max(20_000)).max(200).default([]),
    env: textMap.default({}),
    cwd: z.string().max(4096).optional(),
  }),
  z.strictObject({ kind: z.literal('http'), url: z.string().min(1).max(4096), headers: textMap.default({}) }),
]);

export const ServerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    isolation: IsolationSchema,
    transport: z.enum(['stdio', 'http']),
    command: z.string().nullable(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    cwd: z.string().nullable(),
    url: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    secrets: z.array(z.string()).meta({ description: 'Names of the secrets that it refers to' }),
    state: z.enum(['disabled', 'idle', 'starting', 'ready', 'failed']),
    error: z.string().nullable(),
    stderr: z.array(z.string()),
    tools: z.number().int().nullable(),
    processes: z.number().int(),
    unisolated: z.boolean(),
    created_at: TimeSchema,
    updated_at: TimeSchema,
  })
  .meta({ id: 'Server' });
export type Server = z.output<typeof ServerSchema>;

export const ImportResultSchema = z
  .object({
    servers: z.array(z.string()),
    secrets: z
      .array(z.object({ name: z.string(), server: z.string(), from: z.string() }))
      .meta({ description: 'What was moved into the vault: names and where it stood, never a value' }),
    unset: z.array(z.object({ name: z.string(), server: z.string(), from: z.string() })).meta({
      description:
        'Placeholders of the client (${input:…}, ${env:…}) that became references: set these secrets before use',
    }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.output<typeof ImportResultSchema>;

export const TestStepSchema = z
  .object({ step: z.string(), ok: z.boolean(), detail: z.string() })
  .meta({ id: 'TestStep' });

export const serversApi = {
  list: endpoint({
    name: 'listServers',
    method: 'GET',
    path: '/servers',
    summary: 'All servers',
    answer: z.array(ServerSchema),
  }),
  add: endpoint({
    name: 'addServer',
    method: 'POST',
    path: '/servers',
    summary: 'Register a server; its values may refer to secrets but may not hold one',
    body: z.strictObject({
      name: ServerNameSchema,
      isolation: IsolationSchema.default('shared'),
      transport: TransportSchema,
    }),
    answer: ServerSchema,
  }),
  import: endpoint({
    name: 'importServers',
    method: 'POST',
    path: '/servers/import',
    summary: 'Register every server of a client configuration; secrets move into the vault. All or nothing',
    body: z.strictObject({
      mcpServers: z.record(z.string(), z.unknown()),
      isolation: z.record(z.string(), IsolationSchema).default({}),
    }),
    answer: ImportResultSchema,
  }),
  show: endpoint({
    name: 'getServer',
    method: 'GET',
    path: '/servers/:name',
    summary: 'One server',
    params: NameParams,
    answer: ServerSchema,
  }),
  test: endpoint({
    name: 'testServer',
    method: 'POST',
    path: '/servers/:name/test',
    summary: 'Connect anew and list its tools, step by step; live connections are not touched',
    params: NameParams,
    answer: z.array(TestStepSchema),
  }),
  enable: endpoint({
    name: 'enableServer',
    method: 'POST',
    path: '/servers/:name/enable',
    summary: 'Offer a server again',
    params: NameParams,
    answer: ServerSchema,
  }),
  disable: endpoint({
    name: 'disableServer',
    method: 'POST',
    path: '/servers/:name/disable',
    summary: 'Stop offering a server; its record and secrets stay',
    params: NameParams,
    answer: ServerSchema,
  }),
  remove: endpoint({
    name: 'removeServer',
    method: 'DELETE',
    path: '/servers/:name',
    summary: 'Remove a server; its secrets stay in the vault',
    params: NameParams,
    answer: ServerSchema,
  }),
};
