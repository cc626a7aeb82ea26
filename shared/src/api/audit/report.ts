// The report for an audit: who may do what, what was done, and what was changed, over a time.
import { z } from 'zod';
import { AdminTokenSchema } from '../admin-tokens.ts';
import { EventSchema } from '../audit.ts';
import { ArchiveSchema } from './archives.ts';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';
import { GrantSchema } from '../grants.ts';
import { MatrixSchema } from '../rules/previews.ts';
import { ListedRuleSchema } from '../rules.ts';
import { SecretSchema } from '../secrets.ts';
import { UserSchema } from '../users.ts';

export const ReportedCallsSchema = z
  .object({
    actor: z.string(),
    server: z.string(),
    tool: z.string().nullable(),
    decision: z.string().nullable(),
    rule: z.string().nullable(),
    status: z.string(),
    secret_versions: z.array(z.string()).readonly(),
    calls: z.int(),
    first_at: TimeSchema,
    last_at: TimeSchema,
  })
  .meta({ id: 'ReportedCalls', description: 'Calls that are alike, counted' });
export type ReportedCalls = z.output<typeof ReportedCallsSchema>;

const ReportedEventSchema = EventSchema.omit({ seq: true, prev_hash: true, hash: true });

export const ReportSchema = z
  .object({
    workspace: z.string(),
    url: z.string(),
    version: z.string(),
    since: TimeSchema,
    until: TimeSchema,
    made_at: TimeSchema,
    made_by: z.string(),
    last_checkpoint_at: TimeSchema.nullable(),
    access: MatrixSchema,
    rules: z.array(ListedRuleSchema),
    people: z.array(UserSchema),
    grants: z.array(GrantSchema),
    admin_tokens: z.array(AdminTokenSchema),
    secrets: z.array(SecretSchema),
    calls: z.array(ReportedCallsSchema),
    events: z.array(ReportedEventSchema),
    event_counts: z
      .record(z.string(), z.int())
      .meta({ description: 'Of all events of the time, also of those left out' }),
    archives: z
      .array(ArchiveSchema.pick({ name: true, since: true, until: true, rows: true }))
      .default([])
      .meta({ description: 'What has rows of that time, which the report does not count' }),
    left_out: z.int().meta({
      description: 'Events that are only counted: readings of the log and refused requests, and the oldest past 20,000',
    }),
  })
  .meta({ id: 'AuditReport' });
export type Report = z.output<typeof ReportSchema>;

export const ReportLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('progress'), rows: z.int() }),
    z.object({ kind: z.literal('report'), report: ReportSchema }),
  ])
  .meta({ id: 'ReportLine' });

export const reportApi = {
  report: endpoint({
    name: 'reportAudit',
    method: 'GET',
    path: '/audit/report',
    summary: 'Who may do what by which rule, what they did, and what was changed: how far it is, and then the report',
    access: 'auditor',
    query: z.strictObject({ since: TimeSchema, until: TimeSchema.optional() }),
    answer: ReportLineSchema,
    stream: true,
  }),
};
