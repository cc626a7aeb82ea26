// A call as rows and back: the intent and the outcome are appended, the record of contract.md is their join.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { CallIntent, CallOutcome, CallRecord } from '../domain/call-record.ts';
import type { AuditRow, CallRow } from '../store/audit-row.ts';
import type { LooseRow } from './chain-writer.ts';
import { storable } from './storable-text.ts';

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
  // Left out by brokers that did not count.
  attempts: z.number().nullable().default(null),
  retry_reason: z
    .enum(['never_sent', 'unauthorized', 'session_lost', 'read_only', 'idempotent'])
    .nullable()
    .default(null),
  input_rounds: z.number().default(0),
  input_asked: z.array(z.enum(['elicitation', 'roots', 'sampling'])).default([]),
});

/** What a call without an outcome reads as: the broker ended first, or the call is still under way. */
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

/** Who and what stand in the intent; the outcome is found by its call alone. */
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

/** The record; its place in the chain is that of the outcome, which covers the intent, or of the intent where there is none. */
export function toCallRecord({ intent, outcome }: CallRow): CallRecord {
  const asked: CallIntent = {
    workspace_id: intent.workspaceId,
    server: intent.server ?? '',
    tool_name: intent.toolName,
    ...readData(intentSchema, intent),
  };
  const ended = outcome === null ? NO_OUTCOME : readData(outcomeSchema, outcome);
  return joinCall(intent.id, intent.ts, asked, outcome ?? intent, ended);
}

/** The same from what is in memory. `sealedBy` is the row that stands for the record in the chain. */
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

function readData<T>(schema: z.ZodType<T>, row: AuditRow): T {
  try {
    return schema.parse(JSON.parse(row.data));
  } catch (error) {
    const text = `audit record ${row.id} is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it`;
    throw new GateError('internal', text, { cause: error });
  }
}
