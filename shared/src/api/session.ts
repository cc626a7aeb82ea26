// The sign-in of a browser as the API knows it: the cookie of the broker's pages is a credential of its own kind beside tokens. A request with a cookie
// that changes something must carry the session's token in `x-csrf-token`, and any request with one must come from the broker's own pages. A bearer token
// beside a cookie decides alone. The person is in one workspace; whoever may enter others names one in `x-mcpgate-workspace`, without a new sign-in.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { ReauthenticationWaySchema } from './sign-in/sign-in-api.ts';
import { RoleSchema, TimeSchema, WorkspaceNameSchema } from './fields.ts';

/** The header that proves that a request which changes something comes from a page that has read the session. */
export const CSRF_HEADER = 'x-csrf-token';

export const BrowserSessionSchema = z
  .object({
    user: z.object({
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
      display_name: z
        .string()
        .meta({ description: 'What to call the person; the login name where nothing else is known' }),
    }),
    role: RoleSchema.meta({ description: 'Of the person, in every workspace that they enter' }),
    workspace: z
      .object({ name: WorkspaceNameSchema, home: z.boolean() })
      .meta({ description: 'That this answer is about; home: the person belongs to it' }),
    workspaces: z
      .array(z.object({ name: WorkspaceNameSchema, home: z.boolean() }))
      .meta({ description: 'Those that the person may name in x-mcpgate-workspace' }),
    csrf_token: z.string().meta({ description: `To send in ${CSRF_HEADER} with whatever changes something` }),
    expires_at: TimeSchema.nullable().meta({ description: 'Null where a reverse proxy signs the person in' }),
    authenticated_at: TimeSchema.nullable().meta({
      description: 'When the person last showed who they are; null: a reverse proxy or provider does not say',
    }),
    fresh_until: TimeSchema.nullable().meta({
      description:
        'Until then nothing fails with the code `reauthenticate`; null, beside an `authenticated_at`: until the session ends',
    }),
    method: z.enum(['password', 'passkey', 'idp', 'link']).nullable(),
    second_factor: z.enum(['passkey', 'idp']).nullable(),
    can_reauthenticate_by: z
      .array(ReauthenticationWaySchema)
      .meta({ description: 'In the order in which to offer them; all of them at the page `/reauthenticate` too' }),
    password: z
      .object({ is_set: z.boolean(), is_weak: z.boolean() })
      .meta({ description: 'Weak: it was typed at this sign-in, and would not be taken as a new one' }),
    passkeys_possible: z.boolean().meta({ description: 'Whether browsers make passkeys for this broker’s address' }),
    broker: z.object({ version: z.string(), url: z.url() }),
  })
  .meta({ id: 'BrowserSession' });
export type BrowserSession = z.output<typeof BrowserSessionSchema>;

const BrowserSignOutSchema = z
  .object({
    ended_at: TimeSchema,
    continue_at: z
      .url()
      .nullable()
      .meta({ description: 'Where the browser signs out at the company’s provider too; null: nowhere' }),
  })
  .meta({ id: 'BrowserSignOut' });
export type BrowserSignOut = z.output<typeof BrowserSignOutSchema>;

export const sessionApi = {
  show: endpoint({
    name: 'getBrowserSession',
    method: 'GET',
    path: '/session',
    summary: 'Who is signed in in this browser, and what a page of it needs to ask for more',
    access: 'member',
    answer: BrowserSessionSchema,
  }),
  end: endpoint({
    name: 'endBrowserSession',
    endsAccess: true,
    method: 'DELETE',
    path: '/session',
    summary: 'Sign this browser out',
    access: 'member',
    answer: BrowserSignOutSchema,
  }),
};
