// Bearer tokens for the administration itself: what MCPGATE_ADMIN_TOKEN holds.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { IdParams, LabelSchema, LifetimeSchema, ReceiptSchema, TimeSchema, TokenRoleSchema } from './fields.ts';

export const AdminTokenSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    role: TokenRoleSchema,
    state: z.enum(['active', 'expired', 'revoked']),
    created_at: TimeSchema,
    created_by: z.string(),
    expires_at: TimeSchema.nullable(),
    last_used_at: TimeSchema.nullable(),
    revoked_at: TimeSchema.nullable(),
  })
  .meta({ id: 'AdminToken' });
export type AdminToken = z.output<typeof AdminTokenSchema>;

export const adminTokensApi = {
  list: listEndpoint({
    name: 'listAdminTokens',
    path: '/admin-tokens',
    summary: 'All administration tokens',
    item: AdminTokenSchema,
    key: 'id',
    texts: ['label'],
    filters: { state: AdminTokenSchema.shape.state.optional(), role: TokenRoleSchema.optional() },
  }),
  issue: endpoint({
    name: 'issueAdminToken',
    method: 'POST',
    path: '/admin-tokens',
    summary: 'Issue an administration token; it is in this answer and nowhere else',
    body: z.strictObject({ label: LabelSchema, role: TokenRoleSchema, expires_in_s: LifetimeSchema.optional() }),
    answer: AdminTokenSchema.extend({
      token: z.string().meta({ description: 'Shown once; only its SHA-256 is kept' }),
    }).meta({ id: 'IssuedAdminToken' }),
  }),
  revoke: endpoint({
    name: 'revokeAdminToken',
    endsAccess: true,
    method: 'POST',
    path: '/admin-tokens/:id/revoke',
    summary: 'End an administration token (by its id, or its label where only one is live)',
    params: IdParams,
    answer: ReceiptSchema,
  }),
};
