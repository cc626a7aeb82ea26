// How the broker is set up, as its administrators see it: the configuration as it holds with where each value came from, who signs people in, and what
// the company's IdP keeps here over SCIM. What is secret is masked before it comes here.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RoleSchema, TimeSchema } from '../fields.ts';

const ConfigurationValueSchema = z
  .object({
    key: z.string().meta({ description: 'As in the file, with dots: `log.level`' }),
    value: z
      .string()
      .nullable()
      .meta({ description: 'As one writes it in the file; null: it is not set and has no default' }),
    from: z.enum(['flag', 'environment', 'file', 'default']),
    origin: z
      .string()
      .nullable()
      .meta({ description: 'The flag or the variable that has set it; null: the file, or nothing' }),
    masked: z.boolean().meta({ description: 'A part of the value may be secret, and is not shown' }),
    reloads: z.boolean().meta({ description: 'It changes by a reload; the others by a restart' }),
    description: z.string(),
  })
  .meta({ id: 'ConfigurationValue' });
export type ConfigurationValue = z.output<typeof ConfigurationValueSchema>;

export const EffectiveConfigurationSchema = z
  .object({
    file: z.string().nullable().meta({ description: 'That was read; null: there is none' }),
    values: z.array(ConfigurationValueSchema),
  })
  .meta({ id: 'EffectiveConfiguration' });
export type EffectiveConfiguration = z.output<typeof EffectiveConfigurationSchema>;

const IdentityProviderSchema = z
  .object({
    issuer: z.string(),
    client_id: z.string(),
    public_client: z.boolean().meta({ description: 'Without a secret' }),
    label: z.string().meta({ description: 'What the sign-in page calls it' }),
    scopes: z.array(z.string()),
    claims: z.object({
      name: z.string(),
      email: z.string(),
      groups: z.string().nullable(),
      workspace: z.string().nullable(),
    }),
    group_mapping: z.record(z.string(), z.string()).nullable(),
    role_mapping: z.record(z.string(), RoleSchema).nullable(),
    allowed_domains: z.array(z.string()),
    just_in_time: z.boolean().meta({ description: 'An account is made at the first sign-in' }),
    link_by_email: z.boolean().meta({ description: 'Who is here already is recognized by a verified address' }),
    second_factor: z
      .array(z.string())
      .meta({ description: 'What in a sign-in says that a second factor was asked for there' }),
    redirect_uri: z.string().meta({ description: 'To be registered there' }),
    post_logout_redirect_uri: z.string().nullable().meta({ description: 'Null: nobody is sent there to sign out' }),
    back_channel_logout_uri: z.string(),
    document: z
      .object({
        read_at: TimeSchema.nullable().meta({ description: 'The last time that it could be read here' }),
        problem: z.string().nullable().meta({ description: 'Why it could not be read the last time' }),
      })
      .meta({ description: 'Its discovery document, as the broker that answers has it' }),
    keys_read_at: TimeSchema.nullable().meta({
      description: 'When its keys were read; they are read for the first sign-in',
    }),
  })
  .meta({ id: 'IdentityProvider' });
export type IdentityProvider = z.output<typeof IdentityProviderSchema>;

export const SignInSettingsSchema = z
  .object({
    local_accounts: z
      .boolean()
      .meta({ description: 'False: passwords are for administrators without an account there' }),
    second_factor: z.enum(['off', 'administrators', 'everyone']).meta({ description: 'Of whom one is demanded' }),
    passkeys_possible: z.boolean().meta({ description: 'Whether browsers make passkeys for this broker’s address' }),
    reauthenticate_after_s: z.number().nullable().meta({
      description: 'After how long who matters is asked anew who they are; null: not before the session ends',
    }),
    forwarded: z
      .object({
        from: z.array(z.string()),
        user_header: z.string(),
        groups_header: z.string().nullable(),
        email_header: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The reverse proxies that sign people in' }),
    identity_provider: IdentityProviderSchema.nullable(),
  })
  .meta({ id: 'SignInSettings' });
export type SignInSettingsView = z.output<typeof SignInSettingsSchema>;

export const ScimStateSchema = z
  .object({
    url: z.string().meta({ description: 'The base URL for the IdP' }),
    people: z.number().int(),
    people_owned: z.number().int().meta({ description: 'Of them, those whom the IdP has named over SCIM' }),
    groups: z.number().int(),
    groups_owned: z.number().int(),
    last_request_at: TimeSchema.nullable().meta({ description: 'When a SCIM token was used last' }),
  })
  .meta({ id: 'ScimState' });
export type ScimState = z.output<typeof ScimStateSchema>;

export const OtherBrokerSchema = z
  .object({
    location: z.string().meta({ description: 'Host and process' }),
    version: z.string().nullable().meta({
      description: 'Null, as all below: it has not answered within half a second, or is of a version before this',
    }),
    started_at: TimeSchema.nullable(),
    links: z.number().int().nullable().meta({ description: 'Laptops that are connected to it, of all workspaces' }),
    channels: z.number().int().nullable().meta({ description: 'AI clients of these' }),
    draining: z.boolean().nullable(),
  })
  .meta({ id: 'OtherBroker' });
export type OtherBroker = z.output<typeof OtherBrokerSchema>;

export const settingsApi = {
  brokers: endpoint({
    name: 'listOtherBrokers',
    method: 'GET',
    path: '/settings/brokers',
    summary: 'The other brokers over the same database, each asked now how it is',
    access: 'operator',
    answer: z.array(OtherBrokerSchema),
  }),
  configuration: endpoint({
    name: 'getEffectiveConfiguration',
    method: 'GET',
    path: '/settings/configuration',
    summary: 'The configuration as it holds now, by key, with where each value came from; what may be secret is masked',
    answer: EffectiveConfigurationSchema,
  }),
  signIn: endpoint({
    name: 'getSignInSettings',
    method: 'GET',
    path: '/settings/sign-in',
    summary: 'Who signs people in, what is demanded of them, and how the broker sees the company’s provider',
    answer: SignInSettingsSchema,
  }),
  scim: endpoint({
    name: 'getScimState',
    method: 'GET',
    path: '/settings/scim',
    summary: 'What the company’s provider keeps here over SCIM',
    answer: ScimStateSchema,
  }),
};
