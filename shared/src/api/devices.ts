// Devices (laptops that logged in), the logins that last, and the approval of a login from the broker's host.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { IdParams, ReceiptSchema, TimeSchema } from './fields.ts';

export const DeviceSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    user: z.string(),
    platform: z.string(),
    address: z.string(),
    connected: z.boolean(),
    logged_in: z.boolean().meta({ description: 'Whether it has a login that has not ended' }),
    created_at: TimeSchema,
    last_seen_at: TimeSchema,
    revoked_at: TimeSchema.nullable(),
  })
  .meta({ id: 'Device' });
export type Device = z.output<typeof DeviceSchema>;

export const SessionSchema = z
  .object({
    id: z.string(),
    kind: z
      .enum(['device', 'oauth', 'web'])
      .meta({ description: "A device's login, an HTTP client's (oauth), or a browser's" }),
    user: z.string(),
    label: z.string().meta({ description: "The device's name, the client's, or the browser" }),
    resource: z
      .string()
      .nullable()
      .meta({ description: 'What an HTTP client was let in for: the URL of the MCP endpoint' }),
    scopes: z.array(z.string()).meta({ description: "An HTTP client's scopes" }),
    address: z.string(),
    connected: z.boolean(),
    created_at: TimeSchema,
    last_seen_at: TimeSchema,
    expires_at: TimeSchema.nullable(),
  })
  .meta({ id: 'Session', description: 'A login that lasts' });
export type Session = z.output<typeof SessionSchema>;

export const devicesApi = {
  list: listEndpoint({
    name: 'listDevices',
    path: '/devices',
    summary: 'Devices that have logged in',
    access: 'member',
    item: DeviceSchema,
    key: 'id',
    texts: ['name', 'user', 'platform'],
    filters: { connected: z.enum(['true', 'false']).optional(), logged_in: z.enum(['true', 'false']).optional() },
    besides: { user: z.string().max(64).optional().meta({ description: 'Those of this person alone' }) },
  }),
  revoke: endpoint({
    name: 'revokeDevice',
    endsAccess: true,
    method: 'POST',
    path: '/devices/:id/revoke',
    summary: "End a device's login for good; the person must log in again on it",
    access: 'member',
    params: IdParams,
    answer: ReceiptSchema,
  }),
};

export const sessionsApi = {
  list: listEndpoint({
    name: 'listSessions',
    path: '/sessions',
    summary: 'Logins that last, of devices, HTTP clients and browsers',
    access: 'member',
    item: SessionSchema,
    key: 'id',
    texts: ['label', 'user'],
    filters: { kind: SessionSchema.shape.kind.optional(), connected: z.enum(['true', 'false']).optional() },
    besides: { user: z.string().max(64).optional().meta({ description: 'Those of this person alone' }) },
  }),
  end: endpoint({
    name: 'endSession',
    endsAccess: true,
    method: 'POST',
    path: '/sessions/:id/end',
    summary: 'End a login; the device stays known and may log in again',
    access: 'member',
    params: IdParams,
    answer: ReceiptSchema,
  }),
};

const WRITE_CODE = 'write the code as the device shows it, as BCDF-GHJK';

export const loginsApi = {
  approve: endpoint({
    name: 'approveLogin',
    method: 'POST',
    path: '/logins/approve',
    summary: 'Approve a device login by its user code, as a person',
    body: z.strictObject({
      user_code: z.string().min(4, WRITE_CODE).max(32, WRITE_CODE),
      user: z.string().min(1).max(64),
    }),
    answer: DeviceSchema,
  }),
};
