// The status of the broker, and the caller's own identity.
import { z } from 'zod';
import { KeptBackupSchema } from './backups/backups.ts';
import { endpoint } from './endpoint.ts';
import { RoleSchema, TimeSchema, TokenRoleSchema } from './fields.ts';
import { EnforcementSchema } from './rules.ts';
import { IsolationSchema } from './servers.ts';

export const StatusSchema = z
  .object({
    version: z.string(),
    url: z.string(),
    state: z.enum(['ready', 'draining', 'not_ready']).meta({ description: 'As /readyz has it; warnings say why' }),
    pid: z.number().int(),
    started_at: TimeSchema,
    data: z.string(),
    database: z.enum(['sqlite', 'postgres']),
    schema_version: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'The newest change of the tables that this version knows, which the database has' }),
    audit: z
      .object({
        durability: z.enum(['commit', 'disk']).meta({
          description: 'When a record counts as kept: once it is committed, or once it is on disk',
        }),
        checkpoint_at: TimeSchema.nullable().meta({
          description: 'When this broker made its last checkpoint of the log',
        }),
        places: z
          .array(
            z.object({
              name: z.string(),
              kept_at: TimeSchema.nullable().meta({ description: 'When the last checkpoint came there' }),
              problem: z.string().nullable().meta({ description: 'Why the newest one is not there yet' }),
            }),
          )
          .default([])
          .meta({ description: 'Where checkpoints of the log are kept besides' }),
        archives: z
          .object({
            retention_ms: z.number().nullable().meta({ description: 'How old rows become; null: they stay' }),
            folder: z.string(),
            files: z.int(),
            rows: z.int().meta({ description: 'In all files' }),
            last_run_at: TimeSchema.nullable().meta({ description: 'When this broker looked for old rows last' }),
            problem: z.string().nullable().meta({ description: 'Why that could not archive' }),
            held_by: z.array(z.string()).meta({ description: 'What keeps rows in the database that are old enough' }),
          })
          .nullable()
          .default(null),
      })
      .nullable()
      .default(null),
    master_key: z
      .object({ id: z.string(), created_at: TimeSchema, is_rotating: z.boolean() })
      .nullable()
      .default(null)
      .meta({ description: 'The key that seals all that is secret: its age, and whether it is being rotated' }),
    last_backup: KeptBackupSchema.nullable()
      .default(null)
      .meta({ description: 'Null: there was none yet, as far as this database knows' }),
    other_brokers: z
      .array(z.string())
      .default([])
      .meta({ description: 'Where the other brokers run that this one hears of, over the same database' }),
    enforcement: EnforcementSchema,
    rules: z.number().int(),
    users: z.number().int(),
    laptops_with_tokens: z.number().int().default(0).meta({
      description: 'Laptops that have told, last, that service tokens stand in clear in the files of their AI clients',
    }),
    laptops_with_live_secrets: z
      .number()
      .int()
      .default(0)
      .meta({ description: 'Of them, those where a secret of the vault that is in use is among them' }),
    proposals: z.number().int().default(0).meta({ description: 'Servers that people propose, not decided yet' }),
    links: z.number().int(),
    channels: z.number().int(),
    memory: z.object({
      backlog_bytes: z.number().int().meta({ description: 'Kept for laptops until they acknowledge it' }),
      held_bytes: z.number().int().meta({ description: 'Waiting for a slow reader in the broker' }),
      partial_bytes: z.number().int().meta({ description: 'Of messages that have not wholly come' }),
      socket_bytes: z.number().int().meta({ description: 'In sockets whose laptops have not taken it' }),
      heap_bytes: z.number().int(),
      process_bytes: z.number().int(),
    }),
    event_loop_delay_ms: z
      .object({ p50: z.number(), p99: z.number(), max: z.number() })
      .meta({ description: 'How late the event loop was in the last whole minute' }),
    servers: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        isolation: IsolationSchema,
        circuit: z.enum(['closed', 'open', 'half-open']),
        retry_at: TimeSchema.nullable(),
        flapping: z.boolean(),
        processes: z.number().int(),
        tools: z.number().int().nullable(),
        error: z.string().nullable(),
        warnings: z.array(z.string()).default([]).meta({ description: 'What it sends that is not as it should be' }),
      }),
    ),
    warnings: z.array(z.string()),
    attention: z
      .array(
        z.object({
          about: z
            .enum([
              'broker',
              'master_key',
              'backup',
              'checkpoints',
              'archives',
              'secret',
              'definitions',
              'server',
              'hook',
              'telemetry',
              'rules',
              'laptops',
            ])
            .meta({ description: 'What kind of thing it is' }),
          subject: z.string().nullable().meta({ description: 'Which one: the name of the server or the secret' }),
          text: z.string(),
        }),
      )
      .default([])
      .meta({ description: 'The warnings again, each with what it is about' }),
  })
  .meta({ id: 'Status' });
export type Status = z.output<typeof StatusSchema>;

export const MeSchema = z
  .object({
    user: z.string().nullable(),
    role: TokenRoleSchema.or(RoleSchema),
    groups: z.array(z.string()),
    workspace: z.string(),
    credential: z.object({ kind: z.string(), id: z.string(), label: z.string() }),
    device: z.string().nullable(),
  })
  .meta({ id: 'Me' });

export const statusApi = {
  status: endpoint({
    name: 'getStatus',
    method: 'GET',
    path: '/status',
    summary: 'State of the broker',
    access: 'operator',
    answer: StatusSchema,
  }),
  me: endpoint({
    name: 'getMe',
    method: 'GET',
    path: '/me',
    summary: 'Who the token belongs to',
    access: 'anyone',
    answer: MeSchema,
  }),
};
