// The broker itself, and who is asking.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { RoleSchema, TimeSchema } from './fields.ts';
import { EnforcementSchema } from './rules.ts';

export const StatusSchema = z
  .object({
    version: z.string(),
    url: z.string(),
    state: z.enum(['ready', 'draining']),
    pid: z.number().int(),
    started_at: TimeSchema,
    data: z.string(),
    database: z.enum(['sqlite', 'postgres']),
    enforcement: EnforcementSchema,
    rules: z.number().int(),
    users: z.number().int(),
    links: z.number().int(),
    channels: z.number().int(),
    servers: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        tools: z.number().int().nullable(),
        error: z.string().nullable(),
      }),
    ),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Status' });
export type Status = z.output<typeof StatusSchema>;

export const MeSchema = z
  .object({
    user: z.string().nullable(),
    role: RoleSchema.nullable(),
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
    answer: StatusSchema,
  }),
  me: endpoint({
    name: 'getMe',
    method: 'GET',
    path: '/me',
    summary: 'Who the token belongs to',
    access: 'member',
    answer: MeSchema,
  }),
};
