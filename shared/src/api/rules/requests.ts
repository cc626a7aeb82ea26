// Calls that wait for a person's yes, and requests for access.
import { z } from 'zod';
import { listEndpoint } from '../lists/list-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { IdParams, TimeSchema } from '../fields.ts';

export const RequestSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['call', 'access']).meta({
      description: '`call`: a call under a rule that asks; `access`: a person asks to be allowed what was denied',
    }),
    state: z.enum(['open', 'approved', 'denied', 'used', 'over']),
    who: z.string().meta({ description: 'Who asks: user:NAME or grant:LABEL' }),
    tool: z.string().meta({ description: 'What for, by the name that rules use' }),
    server: z.string(),
    rule: z.string().nullable().meta({ description: 'The rule that asks' }),
    device: z.string().nullable(),
    client_name: z.string().nullable(),
    address: z.string().nullable(),
    reason: z.string().nullable(),
    approvers: z
      .array(z.string())
      .meta({ description: 'Who decides, written like WHO, or self; none: administrators' }),
    mine: z.boolean().meta({ description: 'Whether who reads this may decide it' }),
    for: z
      .enum(['once', 'while'])
      .nullable()
      .meta({ description: 'What was approved: the one call, or any of that tool until `expires_at`' }),
    created_at: TimeSchema,
    expires_at: TimeSchema.meta({ description: 'Until when it can be decided, or used once it is approved' }),
    decided_at: TimeSchema.nullable(),
    decided_by: z.string().nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'Request' });
export type Request = z.output<typeof RequestSchema>;

export const RequestDetailSchema = RequestSchema.extend({
  arguments: z.string().nullable().meta({
    description: 'The arguments as JSON text: what looks like a secret is masked, and what is long is cut',
  }),
}).meta({ id: 'RequestDetail' });
export type RequestDetail = z.output<typeof RequestDetailSchema>;

const note = z.string().trim().min(1).max(300).optional();

export const requestsApi = {
  list: listEndpoint({
    name: 'listRequests',
    path: '/requests',
    summary:
      'What waits for a person: what one asked for oneself and what one may decide; of everybody for administrators',
    access: 'member',
    item: RequestSchema,
    key: 'id',
    texts: ['id', 'who', 'tool', 'reason'],
    filters: {
      state: RequestSchema.shape.state.optional(),
      kind: RequestSchema.shape.kind.optional(),
      who: z.string().max(200).optional(),
      server: z.string().max(64).optional(),
    },
    besides: {
      all: z.enum(['true', 'false']).optional().meta({ description: '`true`: those that are decided or over, too' }),
    },
  }),
  show: endpoint({
    name: 'showRequest',
    method: 'GET',
    path: '/requests/:id',
    summary: 'One of them, with its arguments',
    access: 'member',
    params: IdParams,
    answer: RequestDetailSchema,
  }),
  approve: endpoint({
    name: 'approveRequest',
    method: 'POST',
    path: '/requests/:id/approve',
    summary: 'Let the call go on, once, or any call of that tool by that person for a time',
    access: 'member',
    params: IdParams,
    body: z.strictObject({
      for_s: z
        .number()
        .int()
        .min(60, 'at least a minute')
        .max(366 * 86_400, 'at most 366 days')
        .optional()
        .meta({ description: 'For so many seconds, with any arguments; left out: once, with these' }),
      note,
    }),
    answer: RequestSchema,
  }),
  deny: endpoint({
    name: 'denyRequest',
    method: 'POST',
    path: '/requests/:id/deny',
    summary: 'Deny it',
    access: 'member',
    params: IdParams,
    body: z.strictObject({ note }),
    answer: RequestSchema,
  }),
};
