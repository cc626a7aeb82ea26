// Labelled bearer tokens bound to servers.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import {
  AddressRangeSchema,
  IdParams,
  LabelSchema,
  LifetimeSchema,
  ReceiptSchema,
  ServerNameSchema,
  TimeSchema,
} from './fields.ts';

export const GrantSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    user: z.string().nullable(),
    state: z
      .enum(['active', 'suspended', 'expired', 'revoked'])
      .meta({ description: 'suspended: its person is disabled; it works again once the person is enabled' }),
    servers: z.array(z.string()),
    missing_servers: z.array(z.string()).meta({ description: 'Those of its servers that are not registered now' }),
    allow_from: z.array(z.string()).meta({ description: 'Where it may be used from; empty: from anywhere' }),
    created_at: TimeSchema,
    created_by: z.string(),
    expires_at: TimeSchema.nullable(),
    last_used_at: TimeSchema.nullable(),
    revoked_at: TimeSchema.nullable(),
  })
  .meta({ id: 'Grant' });
export type Grant = z.output<typeof GrantSchema>;

export const IssuedGrantSchema = GrantSchema.extend({
  token: z.string().meta({ description: 'Shown once; only its SHA-256 is kept' }),
}).meta({ id: 'IssuedGrant' });
export type IssuedGrant = z.output<typeof IssuedGrantSchema>;

export const grantsApi = {
  list: listEndpoint({
    name: 'listGrants',
    path: '/grants',
    summary: 'All grants',
    access: 'member',
    item: GrantSchema,
    key: 'id',
    texts: ['label', 'user'],
    filters: {
      state: GrantSchema.shape.state.optional(),
      user: z.string().max(64).optional(),
      servers: ServerNameSchema.optional(),
    },
  }),
  issue: endpoint({
    name: 'issueGrant',
    method: 'POST',
    path: '/grants',
    summary: 'Issue a grant; the token is in this answer and nowhere else',
    access: 'member',
    body: z.strictObject({
      label: LabelSchema,
      servers: z.array(ServerNameSchema).min(1, 'name at least one server').max(200),
      user: z.string().min(1).max(64).optional(),
      expires_in_s: LifetimeSchema.optional(),
      allow_from: z
        .array(AddressRangeSchema)
        .max(100)
        .default([])
        .meta({ description: 'Addresses and ranges that it may be used from; none: from anywhere' }),
    }),
    answer: IssuedGrantSchema,
  }),
  revoke: endpoint({
    name: 'revokeGrant',
    endsAccess: true,
    method: 'POST',
    path: '/grants/:id/revoke',
    summary: 'End a grant (by its id, or its label where only one is live)',
    access: 'member',
    params: IdParams,
    answer: ReceiptSchema,
  }),
};
