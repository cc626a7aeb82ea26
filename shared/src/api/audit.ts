// The audit log: calls (contract.md names every field), events, and the live tail.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { TimeSchema } from './fields.ts';

export const CallSchema = z
  .object({
    id: z.string(),
    ts: TimeSchema,
    workspace_id: z.string(),
    member_id: z.string().nullable(),
    member: z.string().nullable(),
    credential_kind: z.enum(['device', 'grant', 'oauth', 'forwarded', 'session']),
    credential_id: z.string(),
    credential_label: z.string(),
    device: z.string().nullable(),
    client_name: z.string().nullable(),
    client_version: z.string().nullable(),
    session_id: z.string(),
    server: z.string(),
    method: z.string(),
    tool_name: z.string().nullable(),
    decision: z.enum(['allow', 'deny', 'would_deny']),
    rule: z.string().nullable(),
    policy_version: z.number().int(),
    status: z.enum(['ok', 'tool_error', 'denied', 'failed', 'cancelled', 'timeout', 'unknown']),
    error_code: z.string().nullable(),
    latency_ms: z.number().nullable(),
    upstream_ms: z.number().nullable(),
    request_bytes: z.number(),
    response_bytes: z.number(),
    args_digest: z.string().nullable(),
    arg_keys: z.array(z.string()).readonly(),
    secret_versions: z.array(z.string()).readonly(),
    attempts: z.number().int().nullable().meta({
      description: 'How often it was sent to its server; null where the broker ended before it could say',
    }),
    retry_reason: z
      .enum(['never_sent', 'unauthorized', 'session_lost', 'read_only', 'idempotent'])
      .nullable()
      .meta({ description: 'Why it was sent once more: it was not executed, or its server is trusted about the tool' }),
    input_rounds: z.number().int().meta({
      description: 'How often the AI client was asked for more before it was answered; 0 while it is under way',
    }),
    input_asked: z
      .array(z.enum(['elicitation', 'roots', 'sampling']))
      .readonly()
      .meta({ description: 'Which kinds of things it was asked for; never the questions or the answers' }),
    trace_id: z.string().nullable(),
    seq: z.number().int(),
    prev_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'Call', description: 'One call: the join of its intent and its outcome' });
export type Call = z.output<typeof CallSchema>;

export const EventSchema = z
  .object({
    id: z.string(),
    ts: TimeSchema,
    workspace_id: z.string(),
    type: z.string(),
    actor: z.string(),
    subject: z.string().nullable(),
    address: z.string().nullable(),
    data: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string()).readonly()]))
      .readonly(),
    seq: z.number().int(),
    prev_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'Event', description: 'Logins, rejects, revocations, administrative changes' });
export type Event = z.output<typeof EventSchema>;

export const TailLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('call'), record: CallSchema }),
    z.object({ kind: z.literal('event'), record: EventSchema }),
  ])
  .meta({ id: 'TailLine' });
export type TailLine = z.output<typeof TailLineSchema>;

const PlaceSchema = z
  .string()
  .max(1_000)
  .meta({ description: 'A place in the log, for `after`: what comes next stands behind it' });
const placed = { place: PlaceSchema.optional() };
export const FollowedLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('call'), record: CallSchema, ...placed }),
    z.object({ kind: z.literal('event'), record: EventSchema, ...placed }),
    z
      .object({ kind: z.literal('place'), place: PlaceSchema })
      .meta({ description: 'No record: where the stream is, first of all and whenever nothing has come for a while' }),
  ])
  .meta({ id: 'FollowedLine' });
export type FollowedLine = z.output<typeof FollowedLineSchema>;

/** The beginning of an id is enough, from the milliseconds that it begins with on. */
export const RecordIdSchema = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}(?:-[0-9a-f-]{0,23})?$/,
    'it is no id of a record, nor its first 13 characters or more',
  )
  .meta({ description: 'The id of a record, or its first 13 characters or more' });
export const VerifyLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('progress'), rows: z.int(), of: z.int() }),
    z.object({
      kind: z.literal('verdict'),
      whole: z.boolean(),
      rows: z.int().meta({ description: 'Rows that are as they were written' }),
      chains: z.int(),
      checkpoints: z
        .int()
        .meta({ description: 'Checkpoints whose signatures are right, in the log and of those that were given' }),
      archives: z.int().default(0).meta({ description: 'Archives that are signed, and follow on each other' }),
      archived_rows: z
        .int()
        .default(0)
        .meta({ description: 'The rows in them; their files are looked at where they are' }),
      named_in_archives: z
        .array(z.object({ chain: z.string(), seq: z.int(), hash: z.string(), by: z.string() }))
        .default([])
        .meta({
          description: 'Rows in archives that the log or a checkpoint names, with the hashes that they must have',
        }),
      told_in_archives: z.array(z.string()).default([]).meta({
        description:
          'Archives whose event `audit.archived` must stand in a later archive, because no row of the database has it',
      }),
      wrong: z
        .object({
          chain: z.string(),
          seq: z.int().nullable(),
          id: z.string().nullable(),
          why: z.string(),
        })
        .nullable()
        .meta({ description: 'The first row that is not as it was written' }),
    }),
  ])
  .meta({ id: 'VerifyLine' });
export type VerifyLine = z.output<typeof VerifyLineSchema>;

const AuditKeySchema = z.object({
  kid: z.string(),
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
});
export const AuditKeysSchema = z
  .object({ keys: z.array(AuditKeySchema) })
  .meta({ id: 'AuditKeys', description: 'The public keys of checkpoints of the log (RFC 7517)' });

const RowOfRecordSchema = z.object({
  row: z.enum(['intent', 'outcome', 'event']),
  chain: z.string(),
  seq: z.number().int(),
  ts: TimeSchema,
  prev_hash: z.string(),
  hash: z.string(),
});

export const StorySchema = z
  .object({
    call: CallSchema.nullable(),
    event: EventSchema.nullable(),
    rows: z.array(RowOfRecordSchema).readonly().meta({ description: 'Where it stands in the chains of the log' }),
    rule: z
      .object({
        id: z.string(),
        was: z.string().nullable().meta({ description: 'What it said when it decided; null: no event says so' }),
        may_be_in: z.array(z.string()).default([]).meta({ description: 'Archives that may have the event' }),
        changed_by: z.string().nullable(),
        changed_at: TimeSchema.nullable(),
        is: z.string().nullable().meta({ description: 'What it says now; null: it is removed' }),
        note_then: z.string().nullable().default(null).meta({ description: 'Its note when it decided' }),
        note_now: z.string().nullable().default(null),
      })
      .nullable(),
    approvals: z.array(EventSchema).readonly().meta({
      description: 'Of the same person for the same thing under the same rule, in the week before and the day after',
    }),
    session: z.array(CallSchema).readonly().meta({ description: 'Calls of the same session just before and after it' }),
    checkpoint: z
      .object({
        ts: TimeSchema,
        chain: z.string(),
        seq: z.int(),
        places: z.int().meta({ description: 'In how many places besides the log this broker keeps checkpoints' }),
        kept: z.int().meta({ description: 'How many of them have this one, or a later one, which covers the same' }),
      })
      .nullable()
      .default(null)
      .meta({ description: 'The first signed checkpoint that covers its last row; null: none does yet' }),
  })
  .meta({ id: 'Story', description: 'A record of the log with all that belongs to it' });
export type Story = z.output<typeof StorySchema>;

export const ShownArgumentsSchema = z
  .object({
    id: z.string(),
    kept: z.enum(['none', 'masked', 'full', 'removed']).meta({
      description:
        '`none`: the record of its server did not have them kept; `removed`: they were kept, and are not there any more',
    }),
    text: z.string().nullable().meta({ description: 'JSON; not to its end where it was cut' }),
    bytes: z.number().int().nullable().meta({ description: 'How long the arguments were' }),
    cut: z.boolean(),
    keys: z.array(z.string()),
    digest: z.string().nullable(),
  })
  .meta({ id: 'ShownArguments', description: 'The values in the arguments of a call' });
export type ShownArguments = z.output<typeof ShownArgumentsSchema>;
/** As exports take it, too. */
export const TextInLog = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'A part of the name of a tool, or of the type or the subject of an event' });
export const SubjectInLog = z
  .string()
  .max(300)
  .meta({ description: 'Events about it: its kind and name, as `server:github`' });

export const StatusInLog = CallSchema.shape.status.meta({ description: 'How the call has ended' });
export const DecisionInLog = CallSchema.shape.decision.meta({ description: 'What was decided about the call' });
export const SessionInLog = z.string().max(200).meta({ description: 'The id of a session: calls of it alone' });

const search = {
  since: TimeSchema.optional(),
  until: TimeSchema.optional(),
  user: z.string().max(200).optional().meta({ description: 'Who did it, or called: a person, or grant:LABEL' }),
  text: TextInLog.optional(),
  id: RecordIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100).meta({ description: 'How many a page has at most' }),
  cursor: z
    .string()
    .max(60)
    .optional()
    .meta({ description: 'Where the page before it has ended: its `x-next-cursor`' }),
};

/** What only calls have. */
const looked = {
  status: StatusInLog.optional(),
  decision: DecisionInLog.optional(),
  rule: z.string().max(100).optional().meta({ description: 'The id of the rule that decided' }),
  secret: z.string().max(200).optional().meta({ description: 'NAME, or NAME@VERSION: calls that carried it' }),
  credential: z.string().max(200).optional().meta({ description: 'An id or label, or the name of a device' }),
  client: z.string().max(200).optional().meta({ description: 'The name of an AI client; * stands for any characters' }),
  session: SessionInLog.optional(),
};

const ServerNameInLog = z
  .string()
  .max(64)
  .meta({ description: 'A name that the server has or had: what it did under another one is found, too' });

export const auditApi = {
  calls: endpoint({
    name: 'searchCalls',
    method: 'GET',
    path: '/audit/calls',
    summary: 'Call records, newest first',
    access: 'auditor',
    query: z.strictObject({
      ...search,
      tool: z.string().max(300).optional().meta({ description: '* stands for any characters' }),
      server: ServerNameInLog.optional(),
      ...looked,
    }),
    answer: z.array(CallSchema),
    pages: true,
  }),
  events: endpoint({
    name: 'searchEvents',
    method: 'GET',
    path: '/audit/events',
    summary: 'Events, newest first',
    access: 'auditor',
    query: z.strictObject({
      ...search,
      type: z.string().max(100).optional().meta({ description: 'Of this type alone; * stands for any characters' }),
      subject: SubjectInLog.optional(),
      server: ServerNameInLog.optional(),
    }),
    answer: z.array(EventSchema),
    pages: true,
  }),
  show: endpoint({
    name: 'showRecord',
    method: 'GET',
    path: '/audit/records/:id',
    summary: 'A call or event with all that belongs to it; also by the id of a request for approval',
    access: 'auditor',
    params: z.strictObject({
      id: z
        .union([RecordIdSchema, z.string().regex(/^q_[a-z0-9]{1,20}$/)])
        .meta({ description: 'The id of a record, or of a request for approval' }),
    }),
    answer: StorySchema,
  }),
  arguments: endpoint({
    name: 'showArguments',
    method: 'GET',
    path: '/audit/records/:id/arguments',
    summary:
      'The values in the arguments of a call, where its server has them kept; each reading is an event of the log',
    access: 'auditor',
    params: z.strictObject({ id: RecordIdSchema }),
    answer: ShownArgumentsSchema,
  }),
  tail: endpoint({
    name: 'tailAudit',
    method: 'GET',
    path: '/audit/tail',
    summary: 'The last records and then each new one, as it is committed',
    access: 'auditor',
    query: z.strictObject({
      lines: z.coerce.number().int().min(0).max(1000).default(20).meta({ description: 'How many of the last ones' }),
      follow: z.enum(['true', 'false']).default('true').meta({ description: '`false`: it ends with these' }),
      places: z.enum(['true', 'false']).default('false').meta({
        description: '`true`: each line says its place, and lines of the kind `place` say that the stream still lives',
      }),
      after: PlaceSchema.optional().meta({
        description:
          'A place of an earlier stream: goes on behind it, with no record lost or told again, and none of the last ones first',
      }),
    }),
    answer: FollowedLineSchema,
    stream: true,
  }),
  verify: endpoint({
    name: 'verifyAudit',
    method: 'POST',
    path: '/audit/verify',
    summary: 'Whether every row of the log is as it was written: how far it is, and then what was found',
    access: 'auditor',
    body: z.strictObject({
      since: TimeSchema.optional(),
      until: TimeSchema.optional(),
      checkpoints: z.array(z.unknown()).max(10_000).default([]).meta({
        description: 'Checkpoints that were kept elsewhere, as the broker has written them',
      }),
      archives: z.boolean().default(false).meta({
        description: 'Where the log is whole, the files in the folder of archives of the broker that answers, too',
      }),
    }),
    answer: VerifyLineSchema,
    stream: true,
  }),
  keys: endpoint({
    name: 'getAuditKeys',
    method: 'GET',
    path: '/audit/key',
    summary: 'The public keys by which checkpoints of the log are verified',
    access: 'auditor',
    answer: AuditKeysSchema,
  }),
};
