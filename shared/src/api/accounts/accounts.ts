// A person's own accounts at servers, and the one that everybody uses.
import { z } from 'zod';
import { AccountFormSchema, AccountKindSchema } from './account-forms.ts';
import { endpoint } from '../endpoint.ts';
import { NameParams, TimeSchema } from '../fields.ts';
import { listEndpoint } from '../lists/list-endpoint.ts';

export const AccountStateSchema = z.enum(['connected', 'missing', 'expired', 'more_scopes']).meta({
  description:
    '`expired`: what there is gets no more access; `more_scopes`: the server wants more rights than were given',
});

export const AccountSchema = z
  .object({
    server: z.string(),
    kind: AccountKindSchema,
    state: AccountStateSchema,
    scopes: z.array(z.string()),
    connected_at: TimeSchema.nullable(),
    url: z.url().meta({ description: 'The page on which it is connected, in the browser' }),
    target: z.string().meta({ description: 'Where the server is, as a digest: what keys are entered for' }),
    form: AccountFormSchema.nullable().meta({
      description: 'The keys that are to be entered; null where it is made by OAuth',
    }),
  })
  .meta({ id: 'Account' });
export type Account = z.output<typeof AccountSchema>;

export const EndedAccountSchema = z
  .object({
    server: z.string(),
    revoked: z.boolean().meta({ description: 'Its provider has ended it too' }),
    why: z.string().nullable().meta({ description: 'Why not' }),
  })
  .meta({ id: 'EndedAccount' });

export const accountsApi = {
  list: listEndpoint({
    name: 'listAccounts',
    path: '/accounts',
    summary: 'One’s own accounts: each server that is used with one’s own, and what there is',
    access: 'member',
    item: AccountSchema,
    key: 'server',
    texts: ['server'],
    filters: { state: AccountStateSchema.optional() },
  }),
  begin: endpoint({
    name: 'beginAccount',
    method: 'POST',
    path: '/accounts/:name/begin',
    summary: 'The page on which one connects an account, and how it stands',
    access: 'member',
    params: NameParams,
    answer: AccountSchema,
  }),
  setKeys: endpoint({
    name: 'setAccountKeys',
    method: 'PUT',
    path: '/accounts/:name/keys',
    summary: 'Enter the keys of an account; they go in and never come out',
    access: 'member',
    params: NameParams,
    body: z.strictObject({
      values: z.record(z.string().max(64), z.string().max(70_000)),
      target: z.string().max(64).meta({
        description:
          'The `target` of the account as it was shown; where the server has moved since, nothing is kept (409)',
      }),
    }),
    answer: AccountSchema,
  }),
  disconnect: endpoint({
    name: 'disconnectAccount',
    endsAccess: true,
    method: 'DELETE',
    path: '/accounts/:name',
    summary: 'Forget one’s own account, and end it at its provider',
    access: 'member',
    params: NameParams,
    answer: EndedAccountSchema,
  }),
  connectShared: endpoint({
    name: 'connectServer',
    method: 'POST',
    path: '/servers/:name/connect',
    summary: 'The page on which an administrator connects the account that everybody uses, and how it stands',
    params: NameParams,
    answer: AccountSchema,
  }),
  disconnectShared: endpoint({
    name: 'disconnectServer',
    endsAccess: true,
    method: 'DELETE',
    path: '/servers/:name/connect',
    summary: 'Forget the account that everybody uses, and end it at its provider',
    params: NameParams,
    answer: EndedAccountSchema,
  }),
};
