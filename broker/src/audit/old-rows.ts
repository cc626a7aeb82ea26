// What versions before the format 2 have written into rows of the audit log, as JSON.
import { z } from 'zod';
import type { CallIntent } from '../domain/call-record.ts';

const nullableText = z.string().nullable();

export const OldIntentSchema: z.ZodType<Omit<CallIntent, 'workspace_id' | 'server' | 'tool_name'>> = z.object({
  member_id: nullableText,
  member: nullableText,
  credential_kind: z.enum(['device', 'grant', 'oauth', 'forwarded', 'session']),
  credential_id: z.string(),
  credential_label: z.string(),
  device: nullableText,
  client_name: nullableText,
  client_version: nullableText,
  session_id: z.string(),
  method: z.string(),
  decision: z.enum(['allow', 'deny', 'would_deny']),
  rule: nullableText,
  policy_version: z.number(),
  request_bytes: z.number(),
  args_digest: nullableText,
  arg_keys: z.array(z.string()),
  trace_id: nullableText,
});

export const OutcomeSchema = z.object({
  status: z.enum(['ok', 'tool_error', 'denied', 'failed', 'cancelled', 'timeout', 'unknown']),
  error_code: nullableText,
  latency_ms: z.number(),
  upstream_ms: z.number().nullable(),
  response_bytes: z.number(),
  secret_versions: z.array(z.string()),
  // The first brokers did not write these.
  attempts: z.number().nullable().default(null),
  retry_reason: z
    .enum(['never_sent', 'unauthorized', 'session_lost', 'read_only', 'idempotent'])
    .nullable()
    .default(null),
  input_rounds: z.number().default(0),
  input_asked: z.array(z.enum(['elicitation', 'roots', 'sampling'])).default([]),
});

export const EventSchema = z.object({
  address: nullableText,
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
});
