// Fields that several resources share: names, times, the receipt of something that ended.
import { z } from 'zod';
import { ROLES, TOKEN_ROLES } from './roles.ts';

/** ISO 8601 in UTC with milliseconds. */
export const TimeSchema = z.iso
  .datetime('it is no time in ISO 8601 and UTC, as 2026-11-21T08:00:00Z')
  .meta({ description: 'ISO 8601, UTC' });

export const ServerNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'a server name is 1 to 24 of a-z, 0-9 and -')
  .meta({ description: 'Name of a server: [a-z0-9-]{1,24}' });

/** Bundles share their names with servers. */
export const BundleNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'a bundle name is 1 to 24 of a-z, 0-9 and -')
  .meta({ description: 'Name of a bundle: [a-z0-9-]{1,24}; servers and bundles share their names' });

export const WorkspaceNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'a workspace name is 1 to 24 of a-z, 0-9 and -')
  .meta({ description: 'Name of a workspace: [a-z0-9-]{1,24}' });

export const UserNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'a user name is 1 to 64 of a-z, 0-9, ".", "_" and "-", and starts with a letter or digit',
  )
  .meta({ description: 'Login name: [a-z0-9][a-z0-9._-]{0,63}' });

export const GroupNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a group name is 1 to 64 letters, digits, ".", "_" and "-"')
  .meta({ description: 'Name of a group' });

export const SecretNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'a secret name is 1 to 128 letters, digits, ".", "_" and "-"')
  .meta({ description: 'Name of a secret, as in ${secret:NAME}' });

export const RoleSchema = z.enum(ROLES);

export const TokenRoleSchema = z.enum(TOKEN_ROLES);

/** An address, or a range of addresses as CIDR, IPv4 or IPv6. */
export const AddressRangeSchema = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'write an address or a range, as 10.0.0.0/8 or 2001:db8::/32',
});

/** Of what `config apply` makes; null: it was made by hand. */
export const ManagedBySchema = z.string().nullable().default(null).meta({
  description: 'The configuration that it stands in, which makes it what that says whenever it is applied; null: none',
});

export const LabelSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a label is 1 to 64 letters, digits, ".", "_" and "-"');

/** Seconds until a token ends by itself. */
export const LifetimeSchema = z
  .number()
  .int()
  .positive()
  .max(10 * 365 * 86_400, 'at most 10 years');

export const ReceiptSchema = z
  .object({
    subject: z
      .string()
      .meta({ description: 'What ended: user:NAME, device:ID, grant:LABEL, admin-token:LABEL, session:ID' }),
    links_closed: z.number().int(),
    calls_cancelled: z.number().int(),
    tokens_revoked: z.number().int(),
    accounts_revoked: z
      .number()
      .int()
      .default(0)
      .meta({ description: 'Accounts of a person at servers that their providers have ended' }),
    accounts_left: z
      .array(z.string())
      .default([])
      .meta({ description: 'Those that are forgotten here, and may be good elsewhere: SERVER: why' }),
    ms: z.number(),
    at: TimeSchema,
    last_calls: z
      .array(z.object({ device: z.string(), server: z.string(), tool_name: z.string().nullable(), ts: TimeSchema }))
      .meta({ description: 'What each device and grant that ended did last' }),
    unconfirmed: z
      .array(z.string())
      .default([])
      .meta({ description: 'Other brokers that have not said in time that they have ended what they had of it' }),
    still_active: z
      .array(z.string())
      .default([])
      .meta({ description: 'Grants of nobody (grant:LABEL) and administration tokens that who was ended had issued' }),
    rules_removed: z
      .array(z.string())
      .default([])
      .meta({ description: 'Rules that named nobody but the person who was removed, and went with that person' }),
    rules_narrowed: z
      .array(z.string())
      .default([])
      .meta({ description: 'Rules that named the person beside others, for whom they hold on' }),
  })
  .meta({ id: 'Receipt', description: 'Proof that something has ended: what was cut, and how fast' });

export type Receipt = z.output<typeof ReceiptSchema>;

export const ErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      request_id: z.string(),
      path: z
        .array(z.union([z.string(), z.number()]))
        .optional()
        .meta({ description: 'Where it stands in the body, from the outside in' }),
    }),
    type: z.string().optional().meta({ description: 'urn:mcpgate:error:CODE' }),
    title: z.string().optional(),
    status: z.number().int().optional(),
    detail: z.string().optional().meta({ description: 'The message' }),
    instance: z.string().optional().meta({ description: 'urn:uuid:REQUEST_ID' }),
  })
  .meta({
    id: 'Error',
    description: 'Problem details (RFC 9457), with the code of the error and the id of the request',
  });

export const NameParams = z.strictObject({
  name: z.string().min(1).max(128).meta({ description: 'The name of what it is about' }),
});
export const IdParams = z.strictObject({
  id: z.string().min(1).max(128).meta({ description: 'The id of what it is about, as its list has it' }),
});

type JsonValue = z.core.util.JSONType;
/** Any value that JSON can write; under a name, so that the OpenAPI document can say it once. */
export const JsonValueSchema: z.ZodType<JsonValue, JsonValue> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(JsonValueSchema),
      z.record(z.string(), JsonValueSchema),
    ]),
  )
  .meta({ id: 'JsonValue', description: 'Any value of JSON' });
