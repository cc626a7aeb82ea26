// Secrets by name. No answer ever holds a value.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { SecretNameSchema, TimeSchema } from './fields.ts';

export const SecretSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    source: z.string(),
    created_at: TimeSchema,
    last_used_at: TimeSchema.nullable(),
    servers: z.array(z.string()),
  })
  .meta({ id: 'Secret' });
export type Secret = z.output<typeof SecretSchema>;

export const SetSecretSchema = SecretSchema.extend({
  /** Servers whose records use the secret in a place that cannot hold this value. Their calls fail until the secret is set to another value. */
  unfit: z.array(z.object({ server: z.string(), why: z.string() })),
}).meta({ id: 'SetSecret' });
export type SetSecret = z.output<typeof SetSecretSchema>;

export const secretsApi = {
  list: endpoint({
    name: 'listSecrets',
    method: 'GET',
    path: '/secrets',
    summary: 'Names, versions and the servers that use them; never a value',
    access: 'operator',
    answer: z.array(SecretSchema),
  }),
  set: endpoint({
    name: 'setSecret',
    method: 'PUT',
    path: '/secrets/:name',
    summary: 'Store a new version; the next call of every server that refers to it uses it',
    params: z.strictObject({ name: SecretNameSchema }),
    body: z.strictObject({
      value: z
        .string()
        .min(1, 'the value is empty')
        .max(64 * 1024),
    }),
    answer: SetSecretSchema,
  }),
  remove: endpoint({
    name: 'removeSecret',
    method: 'DELETE',
    path: '/secrets/:name',
    summary: 'Remove a secret that nothing refers to, with all its versions; its value cannot be brought back',
    params: z.strictObject({ name: SecretNameSchema }),
    answer: SecretSchema,
  }),
};
