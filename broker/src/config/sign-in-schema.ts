// The configuration keys about sign-in: the company's IdP (`oidc`), a trusted reverse proxy (`forwarded_auth`), passwords (`local_accounts`).
import { isSecretReference } from 'mcpgate-shared/values/secret-reference';
import { ROLES } from 'mcpgate-shared/api/roles';
import { WorkspaceNameSchema } from 'mcpgate-shared/api/fields';
import { z } from 'zod';
import { isSafeUrl } from './safe-url.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import { form, optional, required, withDefault } from './key.ts';
import { choice, cidrs, durationOrNever, path, yesOrNo } from './key-forms.ts';

const isIssuer = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && isSafeUrl(url) && url.search === '' && url.hash === '';
};
const issuer = form('URL', z.string().refine(isIssuer, 'write the https URL that the IdP calls its issuer'));
const claim = form('claim', z.string().min(1).max(200));
const map = <S extends z.ZodType>(to: S) => form('map', z.record(z.string().min(1), to));
const groupName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'write a group of this broker: 1 to 64 of a-z, 0-9, ".", "_" and "-"');
/** The client that is the laptop's own. */
const CLI = 'mcpgate-cli';
const header = form(
  'header',
  z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'write the name of a header')
    .transform((name) => name.toLowerCase()),
);

const workspaceKey = (naming: 'workspace_claim' | 'workspace_header') =>
  optional(form('workspace', WorkspaceNameSchema), {
    description: `The [workspace](operations.md#workspaces) of these people. With \`${naming}\`: of those for whom it names none that is here; left out, they are refused.`,
    default: DEFAULT_WORKSPACE,
    example: 'team-b',
  });
const workspaceMappingKey = (whose: string) =>
  optional(map(WorkspaceNameSchema), {
    description: `${whose} words for workspaces to workspaces of this broker; others name none. Without it a workspace is named as it is called here.`,
    example: { 'Team B': 'team-b' },
  });

const secretReference = form(
  '${secret:NAME}',
  z.string().refine(isSecretReference, {
    error: 'a secret does not belong into this file; write ${secret:NAME} or use client_secret_file',
  }),
);
const scopes = form(
  'list',
  z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'write one scope an entry'))
    .refine((scopes) => scopes.includes('openid'), 'openid must be among the scopes'),
);

const secondFactorTold = form(
  'list',
  z.array(z.string().regex(/^(any|(amr|acr):[\x21-\x7e]{1,200})$/, 'write amr:VALUE, acr:VALUE or any')).max(50),
);

const oidcKeys = z.strictObject({
  issuer: required(issuer, {
    description:
      'The issuer of the company’s OpenID Connect provider, exactly as its discovery document names it. With it, people sign in there; the redirect URI to register is `<public_url>/oauth/idp/callback`.',
    example: 'https://login.example.com/realms/company',
  }),
  client_id: required(form('text', z.string().min(1, 'write the client id')), {
    description: 'What the provider calls this broker.',
    example: 'mcpgate',
  }),
  client_secret: optional(secretReference, {
    description:
      'The client’s secret, in the vault: `mcpgate-broker secret set NAME`. Left out, with no file either: a public client.',
    example: '${secret:idp}',
  }),
  client_secret_file: optional(path, {
    description: 'A file that holds the client’s secret, in place of `client_secret`. Read at each sign-in.',
    example: '/run/secrets/idp-client-secret',
  }),
  label: withDefault(form('text', z.string().min(1).max(60)), 'your company account', {
    description: 'What the sign-in page calls the provider, after “Continue with”.',
    example: 'Okta',
  }),
  scopes: withDefault(scopes, ['openid', 'profile', 'email'], {
    description: 'What is asked of the provider. Some send groups only with a scope of their own.',
    example: ['openid', 'profile', 'email', 'groups'],
  }),
  name_claim: withDefault(claim, 'preferred_username', {
    description:
      'The claim that a new person’s user name is made of: what stands before an “@”. Choose one that people cannot change themselves; who a person is decides the `sub` claim alone.',
  }),
  email_claim: withDefault(claim, 'email', {
    description: 'The claim with the e-mail address.',
  }),
  groups_claim: optional(claim, {
    description:
      'The claim with the person’s groups (`realm_access.roles` reaches into an object). With it, each sign-in sets the groups; without it they are managed here.',
    example: 'groups',
  }),
  group_mapping: optional(map(groupName), {
    description:
      'The provider’s groups (names or ids, as it sends them) to groups of this broker; others are left out. Without it a group keeps its name, in small letters, and names that do not fit here are left out.',
    example: { 'Platform Team': 'platform' },
  }),
  role_mapping: optional(map(z.enum(ROLES)), {
    description:
      'The provider’s groups to roles; the highest counts, and who is in none is a member. With it, each sign-in sets the role; without it roles are managed here.',
    example: { 'MCP admins': 'admin' },
  }),
  allowed_domains: withDefault(form('list', z.array(z.string().min(1))), [], {
    description:
      'Domains whose people may sign in, by Google’s `hd` claim, else by a verified e-mail address. Empty: everybody whom the provider lets in.',
    example: ['example.com'],
  }),
  trust_email: withDefault(yesOrNo, false, {
    description:
      'Take every address that the provider sends as verified; one that is not is not kept. For providers that check addresses but send no `email_verified`, such as Entra ID for one tenant.',
  }),
  link_by_email: withDefault(yesOrNo, false, {
    description:
      'At the first sign-in, recognize a person who is here already (added by hand or by SCIM) by a verified address. Without it the provider’s people are new people, whatever their names.',
  }),
  just_in_time: withDefault(yesOrNo, true, {
    description:
      'Make a person’s account at the first sign-in. Otherwise only those come in who are linked by e-mail address.',
  }),
  workspace: workspaceKey('workspace_claim'),
  workspace_claim: optional(claim, {
    description:
      'The claim that names the person’s workspace, alone or in a list such as that of the groups. It must name exactly one that exists; who is known in another one is refused.',
    example: 'department',
  }),
  workspace_mapping: workspaceMappingKey('The provider’s'),
  second_factor: withDefault(secondFactorTold, [], {
    description:
      'What in a sign-in there says that the provider has asked for a second factor: `amr:VALUE` or `acr:VALUE`, as its ID tokens have them, or `any`, where it lets nobody in without one. Where [`sign_in.second_factor`](#sign_insecond_factor) demands one, everybody else adds a passkey here.',
    example: ['amr:mfa', 'amr:hwk'],
  }),
  end_session: withDefault(yesOrNo, false, {
    description:
      'Who signs out of the pages here is sent to the provider to sign out there too, where it has an `end_session_endpoint`. Register `<public_url>/logout` there as post-logout redirect URI first.',
  }),
  token_exchange: withDefault(yesOrNo, false, {
    description:
      'Keep what the provider gives at each sign-in (the ID token; the refresh token too, where `offline_access` is among the scopes), sealed, and exchange it for [assertions to servers](enterprise.md#servers-whose-accounts-come-of-the-sign-in) of which the record says so.',
  }),
  assertion_clients: optional(map(z.string().refine(isSecretReference, 'write ${secret:NAME}')), {
    description:
      'AI clients of the company that trade an [identity assertion](enterprise.md#ai-clients-that-the-companys-idp-lets-in) of the provider (ID-JAG) for a token, without a page: by the client id that the provider writes, the secret with which each proves itself (`client_secret_basic`).',
    example: { 'company-claude': '${secret:company-claude}' },
  }),
  logout_ends: withDefault(choice('sessions', 'devices'), 'sessions', {
    description:
      'What ends here when the provider says that somebody has signed out there (back-channel logout): their browser sessions, or with `devices` their laptops and connected applications too, which then log in anew.',
  }),
});

export const oidcSchema = oidcKeys
  .refine((oidc) => Object.keys(oidc.assertion_clients ?? {}).every((id) => /^[\w.-]{1,128}$/.test(id) && id !== CLI), {
    path: ['assertion_clients'],
    message: 'a client id is 1 to 128 letters, digits, ".", "_" and "-", and not the one of mcpgate itself',
  })
  .refine((oidc) => oidc.client_secret === undefined || oidc.client_secret_file === undefined, {
    path: ['client_secret_file'],
    message: 'write client_secret or client_secret_file, not both',
  })
  .refine((oidc) => oidc.role_mapping === undefined || oidc.groups_claim !== undefined, {
    path: ['role_mapping'],
    message: 'roles are mapped from groups: write groups_claim too',
  })
  .refine((oidc) => oidc.group_mapping === undefined || oidc.groups_claim !== undefined, {
    path: ['group_mapping'],
    message: 'write groups_claim too: the claim that holds the groups',
  })
  .refine((oidc) => oidc.workspace_mapping === undefined || oidc.workspace_claim !== undefined, {
    path: ['workspace_mapping'],
    message: 'write workspace_claim too: the claim that names the workspace',
  })
  .optional();

export const forwardedAuthSchema = z
  .strictObject({
    from: required(cidrs(1), {
      description:
        'Addresses of the reverse proxies that sign people in and say who it is. It is the peer of the connection that counts; from anywhere else the headers are refused where they would open a door, and ignored elsewhere.',
      example: ['10.0.4.7'],
    }),
    user_header: withDefault(header, 'X-Forwarded-User', {
      description: 'The header with the user name, or an address. The proxy must set or remove it on every request.',
    }),
    groups_header: optional(header, {
      description: 'The header with the groups, between commas. Left out: groups are managed here.',
      example: 'X-Forwarded-Groups',
    }),
    email_header: optional(header, {
      description: 'The header with the e-mail address.',
      example: 'X-Forwarded-Email',
    }),
    just_in_time: withDefault(yesOrNo, true, {
      description: 'Make the account of a person whom the proxy names for the first time.',
    }),
    workspace: workspaceKey('workspace_header'),
    workspace_header: optional(header, {
      description:
        'The header that names the person’s workspace; where it holds several, between commas, exactly one must exist here. The proxy must set or remove it on every request, as that of the user.',
      example: 'X-Forwarded-Workspace',
    }),
    workspace_mapping: workspaceMappingKey('The proxy’s'),
  })
  .refine((forwarded) => forwarded.workspace_mapping === undefined || forwarded.workspace_header !== undefined, {
    path: ['workspace_mapping'],
    message: 'write workspace_header too: the header that names the workspace',
  })
  .optional();

export const localAccountsSchema = withDefault(yesOrNo, true, {
  description:
    'Whether people sign in with a password of this broker. `false`, beside `oidc` or `forwarded_auth`: only administrators who have no account at the provider may, such as the one of the set-up, for the day on which the provider is away.',
});

export const signInSchema = z
  .strictObject({
    second_factor: withDefault(choice('off', 'administrators', 'everyone'), 'off', {
      description:
        'Of whom a [second factor](sign-in.md) is demanded in the browser: of nobody, of administrators and operators, or of everybody. It is a passkey, or what the company’s provider has asked for ([`oidc.second_factor`](#oidcsecond_factor)). Who has none yet registers one at the next sign-in, before anything else. Needs a `public_url` with a host name and https.',
    }),
    reauthenticate_after: withDefault(durationOrNever, '15m', {
      description:
        'How long after somebody has shown who they are a browser may do what others would want to do in their name: rotations, revocations, rules, enforcement, grants and more ([which](sign-in.md#shown-anew-before-what-matters)). Then they are asked anew. `never`: not before the session ends.',
    }),
  })
  .prefault({});

/** Whether there is a way to sign in: passwords cannot be switched off where there is neither an IdP nor a proxy. */
export const signInIsPossible = (file: {
  local_accounts: boolean;
  oidc?: unknown;
  forwarded_auth?: unknown;
}): boolean => file.local_accounts || file.oidc !== undefined || file.forwarded_auth !== undefined;
