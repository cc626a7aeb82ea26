// The company's identity provider tried out by an administrator: what can be checked without anybody, and what a sign-in there would bring here.
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RoleSchema, TimeSchema } from '../fields.ts';

const IdpCheckSchema = z
  .object({
    check: z.enum(['document', 'keys', 'clock', 'client']),
    outcome: z.enum(['ok', 'failed', 'unknown']).meta({ description: 'unknown: the provider does not say' }),
    text: z.string().meta({ description: 'For people' }),
  })
  .meta({ id: 'IdentityProviderCheck' });
export type IdpCheck = z.output<typeof IdpCheckSchema>;

export const SignInTrialSchema = z
  .object({
    at: TimeSchema,
    outcome: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('let_in'),
        account: z
          .enum(['known', 'linked', 'made'])
          .meta({ description: 'Known by this identity, recognized by the e-mail address, or a new one' }),
        user: z.string(),
        workspace: z.string(),
        called_name: z.string().meta({ description: 'As the provider calls them' }),
        email: z.string().nullable().meta({ description: 'Null: none that was verified' }),
        groups: z.array(z.string()).nullable().meta({ description: 'Groups here; null: managed here' }),
        role: RoleSchema,
        changes: z
          .array(z.enum(['groups', 'role', 'email']))
          .meta({ description: 'What of the account would be set to what the provider says now' }),
        missing_claims: z
          .array(z.string())
          .meta({ description: 'Claims that the configuration reads, and that the provider has not sent' }),
        second_factor: z.boolean().meta({ description: 'Whether the provider says that it asked for one' }),
      }),
      z.object({
        kind: z.literal('refused'),
        reason: z.string().meta({ description: 'As in the log' }),
        message: z.string().meta({ description: 'What the person would read' }),
        detail: z.string().nullable().meta({ description: 'For those who run the broker' }),
      }),
    ]),
  })
  .meta({ id: 'SignInTrial' });
export type SignInTrial = z.output<typeof SignInTrialSchema>;

export const signInTrialApi = {
  check: endpoint({
    name: 'checkIdentityProvider',
    method: 'POST',
    path: '/settings/sign-in/check',
    summary:
      'Ask the company’s provider anew for its document and keys, look at its clock, and at whether it knows this client',
    answer: z.object({ checks: z.array(IdpCheckSchema) }).meta({ id: 'IdentityProviderChecks' }),
  }),
  last: endpoint({
    name: 'getSignInTrial',
    method: 'GET',
    path: '/settings/sign-in/trial',
    summary:
      'What came of the caller’s last trial of a sign-in (begun in a browser at /login/idp?try=1); kept for 15 minutes',
    answer: z.object({ trial: SignInTrialSchema.nullable() }).meta({ id: 'LastSignInTrial' }),
  }),
};
