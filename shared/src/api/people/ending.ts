// What ends when a person is locked out, and what is left of them: asked before it is done.
import { z } from 'zod';
import { AccountKindSchema } from '../accounts/account-forms.ts';
import { AccountStateSchema } from '../accounts/accounts.ts';
import { DeviceSchema, SessionSchema } from '../devices.ts';
import { endpoint } from '../endpoint.ts';
import { NameParams, TimeSchema } from '../fields.ts';
import { GrantSchema } from '../grants.ts';

export const EndingSchema = z
  .object({
    user: z.string(),
    links: z.number().int().meta({ description: 'Open links of their laptops at the broker that answers' }),
    channels: z.number().int().meta({ description: 'AI clients that are connected over them' }),
    calls: z.number().int().meta({ description: 'Calls under way over them' }),
    devices: z.array(DeviceSchema).meta({ description: 'That are not revoked' }),
    sessions: z.array(SessionSchema),
    grants: z.array(GrantSchema).meta({ description: 'Of theirs, as far as they are good; they are suspended' }),
    accounts: z
      .array(z.object({ server: z.string(), kind: AccountKindSchema, state: AccountStateSchema }))
      .meta({ description: 'Of their own at servers: ended there where the provider can, and forgotten here' }),
    on_call: z.array(z.string()).meta({ description: 'Groups of which they are on call' }),
    alone_on_call: z.array(z.string()).meta({ description: 'Of these, those of which nobody else is' }),
    still_active: z.array(z.string()).meta({
      description:
        'Tokens that they have issued for others or for machines, and that work on: grant:LABEL, admin-token:LABEL',
    }),
    secrets: z
      .array(z.object({ name: z.string(), version: z.number().int(), current: z.boolean(), set_at: TimeSchema }))
      .meta({ description: 'Versions of secrets that they have set, so that they know the values' }),
    laptops_with_secrets: z
      .array(z.object({ device: z.string(), tokens: z.number().int(), current: z.number().int() }))
      .meta({
        description: 'Devices in whose files service tokens stand in clear; current: secrets of the vault in use',
      }),
  })
  .meta({ id: 'Ending', description: 'What ends when a person is locked out, and what is left' });
export type Ending = z.output<typeof EndingSchema>;

export const endingApi = {
  show: endpoint({
    name: 'showEnding',
    method: 'GET',
    path: '/users/:name/ending',
    summary: 'What disableUser would end now, and what is left of the person; changes nothing',
    access: 'auditor',
    params: NameParams,
    answer: EndingSchema,
  }),
};
