// What people do about their own sign-in from a page in their browser: showing anew who they are, their password, their passkeys; and what administrators
// see and end of it. What a browser is asked for and what it answers is WebAuthn's JSON (Level 3, section 5.1), which the broker reads itself.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { NameParams, TimeSchema } from '../fields.ts';
import { listEndpoint } from '../lists/list-endpoint.ts';

/** How somebody shows anew who they are; `idp`: at the page `/reauthenticate`, which leads there and back. */
export const ReauthenticationWaySchema = z.enum(['passkey', 'password', 'idp']);

const PasskeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    backed_up: z.boolean().meta({ description: 'More than one device of the person keeps it' }),
    transports: z.array(z.string()),
    created_at: TimeSchema,
    last_used_at: TimeSchema.nullable(),
  })
  .meta({ id: 'Passkey' });
export type Passkey = z.output<typeof PasskeySchema>;

const NewNameSchema = z.string().trim().min(1).max(60);
const PasskeyParams = z.strictObject({
  id: z
    .string()
    .regex(/^pk_[\w-]{12}$/, 'the id of a passkey is pk_ and 12 more')
    .meta({ description: 'The id of the passkey' }),
});
const OptionsSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'As PublicKeyCredential.parse…OptionsFromJSON takes it' });
const AnswerSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'The credential that the browser has got or made, as its toJSON() writes it' });
const PasswordSchema = z.string().min(1).max(1024);
const ReauthenticatedSchema = z
  .object({
    authenticated_at: TimeSchema,
    fresh_until: TimeSchema.nullable().meta({ description: 'Null: until the session ends' }),
  })
  .meta({ id: 'Reauthenticated' });

export const signInApi = {
  reauthenticationOptions: endpoint({
    name: 'getReauthenticationOptions',
    method: 'POST',
    path: '/session/reauthenticate/options',
    summary: 'What to ask the browser for, to show anew by a passkey who one is',
    access: 'member',
    answer: OptionsSchema,
  }),
  reauthenticate: endpoint({
    name: 'reauthenticate',
    method: 'POST',
    path: '/session/reauthenticate',
    summary: 'Show anew who one is; a cookie of the answer must come with the session’s from then on',
    access: 'member',
    body: z.union([z.strictObject({ password: PasswordSchema }), z.strictObject({ passkey: AnswerSchema })]),
    answer: ReauthenticatedSchema,
  }),
  changePassword: endpoint({
    name: 'changePassword',
    method: 'PUT',
    path: '/me/password',
    summary: 'Change one’s own password; one’s other browsers are signed out',
    access: 'member',
    body: z.strictObject({ current_password: PasswordSchema, new_password: PasswordSchema }),
    answer: ReauthenticatedSchema.extend({ sessions_ended: z.int() }).meta({ id: 'PasswordChanged' }),
  }),
  listPasskeys: listEndpoint({
    name: 'listPasskeys',
    path: '/me/passkeys',
    summary: 'One’s own passkeys',
    access: 'member',
    item: PasskeySchema,
    key: 'id',
    texts: ['name'],
  }),
  passkeyOptions: endpoint({
    name: 'getPasskeyOptions',
    method: 'POST',
    path: '/me/passkeys/options',
    summary: 'What to ask the browser for, to make a passkey',
    access: 'member',
    answer: OptionsSchema,
  }),
  addPasskey: endpoint({
    name: 'addPasskey',
    method: 'POST',
    path: '/me/passkeys',
    summary: 'Register a passkey that the browser has made',
    access: 'member',
    body: z.strictObject({ name: NewNameSchema, passkey: AnswerSchema }),
    answer: PasskeySchema,
  }),
  renamePasskey: endpoint({
    name: 'renamePasskey',
    method: 'PATCH',
    path: '/me/passkeys/:id',
    summary: 'Call a passkey something else',
    access: 'member',
    params: PasskeyParams,
    body: z.strictObject({ name: NewNameSchema }),
    answer: PasskeySchema,
  }),
  removePasskey: endpoint({
    name: 'removePasskey',
    method: 'DELETE',
    path: '/me/passkeys/:id',
    summary: 'Remove a passkey; one’s other browsers are signed out',
    access: 'member',
    params: PasskeyParams,
    answer: PasskeySchema.extend({ sessions_ended: z.int() }).meta({ id: 'PasskeyRemoved' }),
  }),
  userPasskeys: listEndpoint({
    name: 'listUserPasskeys',
    path: '/users/:name/passkeys',
    summary: 'The passkeys of a person',
    params: NameParams,
    item: PasskeySchema,
    key: 'id',
    texts: ['name'],
  }),
  resetUser: endpoint({
    name: 'resetUser',
    endsAccess: true,
    method: 'POST',
    path: '/users/:name/reset',
    summary: 'End a person’s password, passkeys and browser sessions; a one-time link sets a new password',
    params: NameParams,
    answer: z
      .object({
        user: z.string(),
        url: z.url().nullable().meta({ description: 'Null: the person signs in at the company’s provider alone' }),
        expires_at: TimeSchema.nullable(),
        passkeys_removed: z.int(),
        sessions_ended: z.int(),
      })
      .meta({ id: 'UserReset' }),
  }),
};
