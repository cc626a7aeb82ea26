// Servers that people use on their laptops and the broker does not have, as they are offered to administrators: what starts or reaches them,
// and the names of what they need. The schema lets no value through.
import { z } from 'zod';
import { listEndpoint } from '../lists/list-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { namedValuesOf, runsOf } from '../../values/record-outline.ts';
import { SECRET_REFERENCE } from '../../values/secret-reference.ts';
import { IdParams, ServerNameSchema, TimeSchema } from '../fields.ts';
import { transportForm } from '../servers/transport-form.ts';

/** What stands where a laptop keeps a value to itself. */
export const WITHHELD = '<value>';

/** Nothing, or a reference to a secret, with a scheme before it. */
const ReferenceSchema = z
  .string()
  .regex(new RegExp(`^(?:(?:[A-Za-z]{1,20} )?${SECRET_REFERENCE})?$`), 'only a reference to a secret, or nothing');

/** A parameter of a URL: its name, and a reference or the mark of a value that was withheld. */
const PARAMETER = `[A-Za-z_][\\w.-]{0,99}=(?:${WITHHELD}|${SECRET_REFERENCE})`;
const PROPOSED_URL = new RegExp(`^https?://[^\\s?#@]{1,500}(?:\\?${PARAMETER}(?:&${PARAMETER}){0,19})?$`);

const names = z.record(z.string().regex(/^[A-Za-z_][\w-]{0,99}$/, 'no name'), ReferenceSchema);

export const ProposedTransportSchema = transportForm(
  {
    command: z.string().regex(/^[\w.@+-]{1,100}$/, 'a command without its folder'),
    args: z.array(z.string().max(300)).max(50),
    url: z.string().regex(PROPOSED_URL, 'a URL without user, and without values of its parameters'),
    values: names,
  },
  {},
  {},
);
export type ProposedTransport = z.output<typeof ProposedTransportSchema>;

/** What an administrator can be asked to look at. */
const MAX_NAMES = 50;
const MAX_BYTES = 16 * 1024;

/** Control characters, and what is not shown or turns the direction of what follows. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** As a laptop sends it. */
export const ProposalFormSchema = z.strictObject({
  name: ServerNameSchema,
  transport: ProposedTransportSchema.refine(
    (transport) => Object.keys(namedValuesOf(transport)).length <= MAX_NAMES,
    `at most ${MAX_NAMES} variables or headers`,
  )
    .refine((transport) => !UNSHOWN.test(runsOf(transport)), 'no characters that are not shown')
    .refine(
      (transport) => new TextEncoder().encode(JSON.stringify(transport)).byteLength <= MAX_BYTES,
      `at most ${MAX_BYTES} bytes`,
    ),
});
export type ProposalForm = z.output<typeof ProposalFormSchema>;

export const ProposalSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    transport: ProposedTransportSchema,
    people: z.array(z.string()).meta({ description: 'Everybody who proposes the same' }),
    state: z.enum(['open', 'accepted', 'declined']),
    created_at: TimeSchema,
    decided_at: TimeSchema.nullable(),
    decided_by: z.string().nullable(),
  })
  .meta({ id: 'Proposal' });
export type Proposal = z.output<typeof ProposalSchema>;

/** What a laptop is answered. */
export const ProposedSchema = z.object({ id: z.string(), state: ProposalSchema.shape.state });

export const AcceptedProposalSchema = z
  .object({
    proposal: ProposalSchema,
    server: z.string().meta({ description: 'The server that was added, switched off' }),
    unset: z.array(z.string()).meta({ description: 'Secrets that it refers to and that have no value yet' }),
    missing: z
      .array(z.string())
      .meta({ description: 'What stayed on the laptop and has to be written into its record' }),
  })
  .meta({ id: 'AcceptedProposal' });
export type AcceptedProposal = z.output<typeof AcceptedProposalSchema>;

export const proposalsApi = {
  list: listEndpoint({
    name: 'listProposals',
    path: '/proposals',
    summary: 'Servers that people propose from their laptops; those that are open unless said',
    access: 'operator',
    item: ProposalSchema,
    key: 'id',
    texts: ['name'],
    besides: {
      all: z.enum(['true', 'false']).optional().meta({ description: '`true`: those that were decided, too' }),
    },
  }),
  accept: endpoint({
    name: 'acceptProposal',
    method: 'POST',
    path: '/proposals/:id/accept',
    summary: 'Add the proposed server, switched off until its secrets are set',
    params: IdParams,
    body: z.strictObject({ name: ServerNameSchema.optional() }),
    answer: AcceptedProposalSchema,
  }),
  decline: endpoint({
    name: 'declineProposal',
    method: 'POST',
    path: '/proposals/:id/decline',
    summary: 'Decline what is proposed; it is not listed again when somebody proposes the same',
    access: 'operator',
    params: IdParams,
    answer: ProposalSchema,
  }),
};
