// What a server's record says of the accounts that it is used with.
import { z } from 'zod';
import { SECRET_REFERENCE } from '../../values/secret-reference.ts';

/** Whose account a server is used with. */
export const WhoseCredentialSchema = z.enum(['shared', 'personal']).meta({
  description: '`shared`: everybody uses it as one; `personal`: each person with an account of their own',
});
export type WhoseCredential = z.output<typeof WhoseCredentialSchema>;

export const AccountKindSchema = z.enum(['oauth', 'keys']);

const AccountKeySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Z0-9_]{1,64}$/, 'the name of a key is 1 to 64 of A-Z, 0-9 and _')
    .meta({ description: 'Stands in the record as ${account:NAME}' }),
  label: z.string().trim().min(1).max(200).meta({ description: 'What the form calls it' }),
  help: z.string().trim().min(1).max(1000).optional().meta({ description: 'Where one gets it' }),
  secret: z.boolean().default(true).meta({ description: 'False for what others may read, as an e-mail address' }),
});

/** A scope token of RFC 6749, section 3.3. */
const ScopeSchema = z
  .string()
  .max(200)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope is one word');

export const AccountFormSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('oauth'),
    scopes: z.array(ScopeSchema).max(100).optional().meta({ description: 'Left out: what the server names' }),
    client_id: z.string().min(1).max(2000).optional().meta({
      description: 'A client that was registered by hand; left out: the broker introduces itself',
    }),
    client_secret: z
      .string()
      .regex(new RegExp(`^${SECRET_REFERENCE}$`), 'a client secret stands in the vault: ${secret:NAME}')
      .optional(),
    grant: z.enum(['client_credentials', 'jwt_bearer']).optional().meta({
      description:
        'How tokens are had without a login, for an account that everybody uses: `client_credentials` by the secret, or by a signature where that is a private key (PEM); `jwt_bearer` by an assertion of a workload’s platform, which the secret holds',
    }),
    issuer: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .meta({
        description: 'The only authorization server that is gone to; left out: the one that the server names',
      }),
    via: z.literal('idp').optional().meta({
      description: 'Nobody logs in there: it believes what the company’s IdP says of each person (ID-JAG)',
    }),
  }),
  z.strictObject({ kind: z.literal('keys'), fields: z.array(AccountKeySchema).min(1).max(20) }),
]);
export type AccountFormBody = z.output<typeof AccountFormSchema>;
