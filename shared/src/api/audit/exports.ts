// The audit log taken out: as rows that others verify, or with a line for each call and event.
import { z } from 'zod';
import { DecisionInLog, SessionInLog, StatusInLog, SubjectInLog, TextInLog } from '../audit.ts';
import { endpoint } from '../endpoint.ts';
import { TimeSchema } from '../fields.ts';

/** A row of the log: `CHAIN#SEQ`, as the log itself writes it. */
export const RowPlaceSchema = z
  .string()
  .max(200)
  .regex(/^.+#\d{1,10}$/, 'is no place of a row, as CHAIN#SEQ')
  .meta({ description: 'CHAIN#SEQ of the last line that is there: the export goes on behind it' });

const filters = {
  since: TimeSchema.optional(),
  until: TimeSchema.optional(),
  user: z.string().max(200).optional().meta({ description: 'Who did it, or called: a person, or grant:LABEL' }),
  text: TextInLog.optional(),
  tool: z.string().max(300).optional().meta({ description: '* stands for any characters' }),
  server: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'A name that the server has or had: what it did under another one is found, too' }),
  type: z.string().max(100).optional().meta({ description: 'Events of this type alone; * stands for any characters' }),
  subject: SubjectInLog.optional(),
  what: z.enum(['calls', 'events']).optional().meta({ description: 'These alone; left out: both' }),
  status: StatusInLog.optional(),
  decision: DecisionInLog.optional(),
  rule: z.string().max(100).optional().meta({ description: 'The id of the rule that decided' }),
  secret: z.string().max(200).optional().meta({ description: 'NAME, or NAME@VERSION: calls that carried it' }),
  credential: z.string().max(200).optional().meta({ description: 'An id or label, or the name of a device' }),
  client: z.string().max(200).optional().meta({ description: 'The name of an AI client; * stands for any characters' }),
  session: SessionInLog.optional(),
};

const going = {
  after: RowPlaceSchema.optional(),
  as_of: z
    .string()
    .max(8_000)
    .regex(/^[0-9a-z]+\.[0-9a-z]+(?:-[0-9a-z]+\.[0-9a-z]+)*$/, 'is none that the log was asked for')
    .optional()
    .meta({
      description: 'How far the log went when the export began, from `GET /audit/export`: it goes on as of then',
    }),
  limit: z.coerce.number().int().min(1).optional().meta({ description: 'At most so many lines' }),
};

const BYTES = z.unknown();

export const ExportStartSchema = z
  .object({
    as_of: z.string(),
    rows: z.int().meta({ description: 'Rows of the whole log' }),
  })
  .meta({ id: 'ExportStart', description: 'How far the log goes now' });

export const exportsApi = {
  start: endpoint({
    name: 'startExport',
    method: 'GET',
    path: '/audit/export',
    summary: 'How far the log goes now, for an export that may be broken off and go on',
    access: 'auditor',
    answer: ExportStartSchema,
  }),
  rows: endpoint({
    name: 'exportAuditRows',
    method: 'GET',
    path: '/audit/export.rows.jsonl',
    summary:
      'Rows of the log, chain by chain, each with what its hash covers, for mcpgate-audit-verify; rows of other workspaces by their hashes',
    access: 'auditor',
    query: z.strictObject({
      ...filters,
      ...going,
      linked: z
        .enum(['true', 'false'])
        .default('false')
        .meta({ description: 'Rows that do not fit come by their hashes, so that all of it is verified' }),
    }),
    answer: BYTES,
    media: 'application/x-ndjson',
  }),
  records: endpoint({
    name: 'exportAuditRecords',
    method: 'GET',
    path: '/audit/export.jsonl',
    summary: 'A JSON line for each call and event',
    access: 'auditor',
    query: z.strictObject({ ...filters, ...going }),
    answer: BYTES,
    media: 'application/x-ndjson',
  }),
  csv: endpoint({
    name: 'exportAuditCsv',
    method: 'GET',
    path: '/audit/export.csv',
    summary: 'A CSV line (RFC 4180) for each call and event',
    access: 'auditor',
    query: z.strictObject({ ...filters, ...going }),
    answer: BYTES,
    media: 'text/csv',
  }),
  parquet: endpoint({
    name: 'exportAuditParquet',
    method: 'GET',
    path: '/audit/export.parquet',
    summary: 'A Parquet file with a row for each call and event',
    access: 'auditor',
    query: z.strictObject({ ...filters, ...going }),
    answer: BYTES,
    media: 'application/vnd.apache.parquet',
  }),
};
