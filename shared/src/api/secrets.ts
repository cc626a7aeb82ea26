// Secrets by name. No answer ever holds a value.
import { z } from 'zod';
import { CallSchema } from './audit.ts';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { SecretNameSchema, TimeSchema } from './fields.ts';

const SecretReadingSchema = z
  .object({
    state: z.enum(['ok', 'kept', 'away', 'unread']).meta({
      description: '`kept`: it is away, and what was read before lives on; `unread`: this broker has not looked yet',
    }),
    problem: z.string().nullable(),
    since: TimeSchema.nullable().meta({ description: 'Since when it is away' }),
    until: TimeSchema.nullable().meta({ description: 'Until when what was read before lives on' }),
    keep_for_s: z.number().int(),
    refresh_s: z.number().int().nullable(),
  })
  .meta({ id: 'SecretReading', description: 'How the broker that answers finds the source of a secret' });

export const SecretSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    source: z.string().meta({
      description: 'How it was set; where it is read elsewhere: env:NAME, file:/PATH, vault:PATH#KEY or command:…',
    }),
    reading: SecretReadingSchema.nullable()
      .default(null)
      .meta({ description: 'Null where its value is kept by the broker itself' }),
    created_at: TimeSchema,
    last_used_at: TimeSchema.nullable(),
    expires_at: TimeSchema.nullable()
      .default(null)
      .meta({ description: 'When its service takes it no more, where somebody has said so' }),
    servers: z.array(z.string()),
    hooks: z.array(z.string()).default([]).meta({ description: 'The hooks that use it' }),
  })
  .meta({ id: 'Secret' });
export type Secret = z.output<typeof SecretSchema>;

/** The entity tag of a secret: of the version that is in use (RFC 9110, section 8.8.3). Numbers of versions are never used again. */
export const secretEtag = ({ name, version }: Pick<Secret, 'name' | 'version'>): string => `"${name}.${version}"`;

const VerifiedSchema = z.boolean().nullable().meta({
  description:
    'True: every enabled server that refers to it was probed, and answered. False: one did not. Null: not known, for want of a server or of a named probe, or because the one that is in use could not be tried at a server out of reach',
});

/** One step of a change of a secret. */
export const SecretStepSchema = z
  .object({
    step: z.enum(['stage', 'probe', 'switch', 'retire', 'discard', 'prove-dead']),
    server: z.string().nullable(),
    ok: z.boolean(),
    verified: z.boolean().nullable().meta({
      description:
        'Of a probe: whether the service takes the value. Of `prove-dead`: whether it refuses the old one. Null: not known',
    }),
    detail: z.string(),
    ms: z.number(),
    next: z.string().nullable().meta({ description: 'What to do about it' }),
  })
  .meta({ id: 'SecretStep' });
export type SecretStep = z.output<typeof SecretStepSchema>;

export const SetSecretSchema = SecretSchema.extend({
  /** Servers whose records use the secret in a place that cannot hold this value. Their calls fail until the secret is set to another value. */
  unfit: z.array(z.object({ server: z.string(), why: z.string() })),
  verified: VerifiedSchema,
  steps: z.array(SecretStepSchema),
}).meta({ id: 'SetSecret' });
export type SetSecret = z.output<typeof SetSecretSchema>;

export const RotatedSecretSchema = SecretSchema.extend({
  rotated: z
    .boolean()
    .meta({ description: 'False: a probe failed, the new value was thrown away, and all is as it was' }),
  previous_version: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'What was in use before; null where that still is' }),
  verified: VerifiedSchema,
  old_refused: z.boolean().nullable().meta({
    description: 'Of `prove_dead`: whether every service refuses the old value. Null: not asked for, or not known',
  }),
  steps: z.array(SecretStepSchema),
}).meta({ id: 'RotatedSecret' });
export type RotatedSecret = z.output<typeof RotatedSecretSchema>;

export const ProvedDeadSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    old_refused: z.boolean().nullable().meta({ description: 'True: every service refuses it. Null: not known' }),
    steps: z.array(SecretStepSchema),
  })
  .meta({ id: 'ProvedDead' });
export type ProvedDead = z.output<typeof ProvedDeadSchema>;

export const SecretVersionSchema = z
  .object({
    version: z.number().int(),
    state: z.enum(['staged', 'current', 'retired', 'discarded']).meta({
      description: '`discarded`: thrown away by a rotation that came to nothing; its value is not kept',
    }),
    source: z.string(),
    set_by: z.string().nullable(),
    created_at: TimeSchema,
    expires_at: TimeSchema.nullable(),
    retired_at: TimeSchema.nullable(),
    last_used_at: TimeSchema.nullable(),
  })
  .meta({ id: 'SecretVersion' });
export type SecretVersion = z.output<typeof SecretVersionSchema>;

export const SecretUsesSchema = z
  .object({
    name: z.string(),
    version: z.number().int().nullable().meta({ description: 'Null: any' }),
    since: TimeSchema,
    calls: z.number().int().meta({ description: 'How many calls carried it' }),
    first_at: TimeSchema.nullable(),
    last_at: TimeSchema.nullable(),
    people: z.array(z.string()),
    devices: z.array(z.string()),
    users: z.array(
      z.object({
        member: z.string().nullable().meta({ description: 'The person; null: a grant of nobody' }),
        credential: z.string().meta({ description: 'What they called with: device:LABEL, grant:LABEL, …' }),
        device: z.string().nullable(),
        servers: z.array(z.string()),
        versions: z.array(z.number().int()),
        calls: z.number().int(),
        first_at: TimeSchema,
        last_at: TimeSchema,
      }),
    ),
    records: z.array(CallSchema).meta({ description: 'The last of these calls, the newest first, at most `limit`' }),
  })
  .meta({ id: 'SecretUses' });
export type SecretUses = z.output<typeof SecretUsesSchema>;

const NameOnly = z.strictObject({ name: SecretNameSchema });
/** In characters. Keys and certificates are shorter; what is longer is a file that was named by mistake. */
export const SECRET_VALUE_MAX = 64 * 1024;
const ValueSchema = z.string().min(1, 'the value is empty').max(SECRET_VALUE_MAX, 'it is longer than 64 KiB');
const ExpirySchema = TimeSchema.nullable().optional().meta({ description: 'When its service takes it no more' });
const VersionNumber = z.coerce.number().int().min(1);

export const secretsApi = {
  list: listEndpoint({
    name: 'listSecrets',
    path: '/secrets',
    summary: 'Names, versions and the servers that use them; never a value',
    access: 'operator',
    item: SecretSchema,
    key: 'name',
    texts: ['name'],
  }),
  show: endpoint({
    name: 'getSecret',
    method: 'GET',
    path: '/secrets/:name',
    summary: 'One secret: its version, where its value comes from, and what uses it; never a value',
    access: 'operator',
    params: NameOnly,
    answer: SecretSchema,
    etag: secretEtag,
  }),
  set: endpoint({
    name: 'setSecret',
    etag: secretEtag,
    ifMatch: 'may',
    method: 'PUT',
    path: '/secrets/:name',
    summary:
      'Store a new version, which the next call of every server that refers to it uses; then probe these servers, and say whether they take it',
    params: NameOnly,
    body: z
      .strictObject({
        value: ValueSchema.optional(),
        from: z.string().min(1).max(2000).optional().meta({
          description: 'In place of a value, where it is read: env:NAME, file:/PATH, vault:PATH#KEY or command:…',
        }),
        keep_for_s: z
          .number()
          .int()
          .min(0)
          .max(30 * 86_400, 'at most 30 days')
          .default(0)
          .meta({ description: 'Of `from`: how long what was read before lives on while the source is away' }),
        refresh_s: z
          .number()
          .int()
          .min(10, 'at least 10 s')
          .max(86_400, 'at most a day')
          .nullable()
          .default(null)
          .meta({ description: 'Of `from`: how often it is read again; null: as is usual for its kind' }),
        expires_at: ExpirySchema,
      })
      .refine(({ value, from }) => (value === undefined) !== (from === undefined), 'give a value, or `from`')
      .refine(
        ({ value, keep_for_s: keep, refresh_s: refresh }) => value === undefined || (keep === 0 && refresh === null),
        'keep_for_s and refresh_s are of `from`',
      ),
    answer: SetSecretSchema,
  }),
  rotate: endpoint({
    name: 'rotateSecret',
    etag: secretEtag,
    ifMatch: 'may',
    method: 'POST',
    path: '/secrets/:name/rotate',
    summary:
      'Try a new value at every enabled server that refers to the secret, and only then have new calls use it; where a probe fails all stays as it is',
    params: NameOnly,
    body: z.strictObject({
      value: ValueSchema,
      expires_at: ExpirySchema,
      prove_dead: z
        .boolean()
        .default(false)
        .meta({ description: 'Then call with the old value, which is to be refused' }),
    }),
    answer: RotatedSecretSchema,
  }),
  rotation: endpoint({
    name: 'getSecretRotation',
    method: 'GET',
    path: '/secrets/:name/rotation',
    summary: 'The steps so far of the rotation that this broker carries out; null where it carries out none',
    params: NameOnly,
    answer: z.object({ steps: z.array(SecretStepSchema) }).nullable(),
  }),
  proveDead: endpoint({
    name: 'proveSecretDead',
    method: 'POST',
    path: '/secrets/:name/prove-dead',
    summary: 'Call with a retired version, the last one unless said, which every service is to refuse',
    params: NameOnly,
    body: z.strictObject({ version: z.number().int().min(1).optional() }),
    answer: ProvedDeadSchema,
  }),
  rollback: endpoint({
    name: 'rollbackSecret',
    etag: secretEtag,
    ifMatch: 'may',
    method: 'POST',
    path: '/secrets/:name/rollback',
    summary: 'Have new calls use an earlier version again, the one before unless said; then probe it',
    params: NameOnly,
    body: z.strictObject({ version: z.number().int().min(1).optional() }),
    answer: SetSecretSchema,
  }),
  history: listEndpoint({
    name: 'listSecretVersions',
    path: '/secrets/:name/versions',
    summary: 'All versions, the newest first: state, who, when, last use; never a value',
    access: 'operator',
    params: NameOnly,
    item: SecretVersionSchema,
    key: 'version',
    texts: ['set_by'],
    filters: { state: SecretVersionSchema.shape.state.optional() },
  }),
  uses: endpoint({
    name: 'listSecretUses',
    method: 'GET',
    path: '/secrets/:name/uses',
    summary: 'Every call, person and device that used it, from the log',
    access: 'auditor',
    params: NameOnly,
    query: z.strictObject({
      version: VersionNumber.optional().meta({ description: 'Of this version alone' }),
      since: TimeSchema.optional().meta({ description: '30 days ago unless said' }),
      limit: z.coerce.number().int().min(0).max(1000).default(100).meta({ description: 'How many calls are shown' }),
    }),
    answer: SecretUsesSchema,
  }),
  remove: endpoint({
    name: 'removeSecret',
    ifMatch: 'may',
    method: 'DELETE',
    path: '/secrets/:name',
    summary: 'Remove a secret that nothing refers to, with all its versions; its value cannot be brought back',
    params: NameOnly,
    answer: SecretSchema,
  }),
};
