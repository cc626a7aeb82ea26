// Turns calls and events into rows of the audit log, and rows back into records. A call has two rows, its intent and its outcome; its record is
// the join of both. Rows are read through schemas, because somebody may have changed them in the database.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AuditEvent, CallIntent, CallOutcome, CallRecord } from '../domain/call-record.ts';
import type { AuditRow, CallRow } from '../store/audit-row.ts';
import type { LoggedEvent, RecordedCall } from './audit.ts';
import type { LooseRow } from './chain-writer.ts';

type IntentData = Omit<CallIntent, 'workspace_id' | 'server' | 'tool_name'>;

const nullableText = z.string().nullable();
const intentSchema: z.ZodType<IntentData> = z.object({
  member_id: nullableText,
  member: nullableText,
  credential_kind: z.enum(['device', 'grant', 'oauth', 'forwarded']),
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
const outcomeSchema: z.ZodType<CallOutcome> = z.object({
  status: z.enum(['ok', 'tool_error', 'denied', 'failed', 'cancelled', 'timeout', 'unknown']),
  error_code: nullableText,
  latency_ms: z.number(),
  upstream_ms: z.number().nullable(),
  response_bytes: z.number(),
  secret_versions: z.array(z.string()),
  // Older brokers did not write these.
  attempts: z.number().nullable().default(null),
  retry_reason: z
    .enum(['never_sent', 'unauthorized', 'session_lost', 'read_only', 'idempotent'])
    .nullable()
    .default(null),
  input_rounds: z.number().default(0),
  input_asked: z.array(z.enum(['elicitation', 'roots', 'sampling'])).default([]),
});

/** The outcome in the record of a call that has no row for it: its broker was killed, or the call is still under way. */
const NO_OUTCOME = {
  status: 'unknown',
  error_code: null,
  latency_ms: null,
  upstream_ms: null,
  response_bytes: 0,
  secret_versions: [],
  attempts: null,
  retry_reason: null,
  input_rounds: 0,
  input_asked: [],
} as const satisfies Omit<CallOutcome, 'latency_ms'> & { latency_ms: null };

export function intentRow(intent: CallIntent, id: string, ts: number): LooseRow {
  const data: IntentData = {
    member_id: intent.member_id,
    member: intent.member,
    credential_kind: intent.credential_kind,
    credential_id: intent.credential_id,
    credential_label: intent.credential_label,
    device: intent.device,
    client_name: intent.client_name,
    client_version: intent.client_version,
    session_id: intent.session_id,
    method: intent.method,
    decision: intent.decision,
    rule: intent.rule,
    policy_version: intent.policy_version,
    request_bytes: intent.request_bytes,
    args_digest: intent.args_digest,
    arg_keys: intent.arg_keys,
    trace_id: intent.trace_id,
  };
  return {
    id,
    workspaceId: intent.workspace_id,
    ts,
    type: 'call.intent',
    callId: id,
    actor: storable(intent.member ?? `grant:${intent.credential_label}`),
    subject: null,
    server: storable(intent.server),
    toolName: intent.tool_name === null ? null : storable(intent.tool_name),
    data: JSON.stringify(data),
  };
}

/** Who called what stands in the intent alone; the outcome is joined to it by the call's id. */
export function outcomeRow(
  workspaceId: string,
  callId: string,
  outcome: CallOutcome,
  id: string,
  ts: number,
): LooseRow {
  const data: CallOutcome = {
    status: outcome.status,
    error_code: outcome.error_code,
    latency_ms: outcome.latency_ms,
    upstream_ms: outcome.upstream_ms,
    response_bytes: outcome.response_bytes,
    secret_versions: outcome.secret_versions,
    attempts: outcome.attempts,
    retry_reason: outcome.retry_reason,
    input_rounds: outcome.input_rounds,
    input_asked: outcome.input_asked,
  };
  return {
    id,
    workspaceId,
    ts,
    type: 'call.outcome',
    callId,
    actor: null,
    subject: null,
    server: null,
    toolName: null,
    data: JSON.stringify(data),
  };
}

/** The record of a call. Its position in the chain is that of the outcome, or that of the intent where there is no outcome yet. */
export function toCallRecord({ intent, outcome }: CallRow): CallRecord {
  const asked = intentOf(intent);
  const ended = outcome === null ? NO_OUTCOME : readData(outcomeSchema, outcome);
  return joinCall(intent.id, intent.ts, asked, outcome ?? intent, ended);
}

function intentOf(row: AuditRow): CallIntent {
  return {
    workspace_id: row.workspaceId,
    server: row.server ?? '',
    tool_name: row.toolName,
    ...readData(intentSchema, row),
  };
}

export function toRecordedCall(intent: AuditRow): RecordedCall {
  return { id: intent.id, ts: new Date(intent.ts).toISOString(), ...intentOf(intent) };
}

/** Makes the record from an intent and an outcome in memory. `sealedBy`: the row whose position in the chain the record has. */
export function joinCall(
  id: string,
  ts: number,
  intent: CallIntent,
  sealedBy: AuditRow,
  outcome: Omit<CallOutcome, 'latency_ms'> & { latency_ms: number | null },
): CallRecord {
  return {
    id,
    ts: new Date(ts).toISOString(),
    ...intent,
    ...outcome,
    seq: sealedBy.seq,
    prev_hash: sealedBy.prevHash,
    hash: sealedBy.hash,
  };
}

const eventSchema = z.object({
  address: z.string().nullable(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
});

export function eventRow(event: AuditEvent, id: string, ts: number): LooseRow {
  return {
    id,
    workspaceId: event.workspace_id,
    ts,
    type: storable(event.type),
    callId: null,
    actor: storable(event.actor),
    subject: event.subject === null ? null : storable(event.subject),
    server: null,
    toolName: null,
    data: JSON.stringify({ address: event.address, data: event.data }),
  };
}

export function toLoggedEvent(row: AuditRow): LoggedEvent {
  const { address, data } = readData(eventSchema, row);
  return {
    id: row.id,
    ts: new Date(row.ts).toISOString(),
    workspace_id: row.workspaceId,
    type: row.type,
    actor: row.actor ?? '',
    subject: row.subject,
    address,
    data,
    seq: row.seq,
    prev_hash: row.prevHash,
    hash: row.hash,
  };
}

function readData<T>(schema: z.ZodType<T>, row: AuditRow): T {
  try {
    return schema.parse(JSON.parse(row.data));
  } catch (error) {
    const text = `audit record ${row.id} is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it`;
    throw new GateError('internal', text, { cause: error });
  }
}

const MAX_CHARACTERS = 1_024;

/**
 * `text` in a form that both engines give back unchanged, so that a row's hash still fits when it is read: without NUL, which PostgreSQL
 * refuses, without lone surrogates, which UTF-8 cannot hold, and no longer than an index takes.
 */
function storable(text: string): string {
  return text.slice(0, MAX_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');
}
