// Turns calls and events into rows of the audit log, and rows back into records. A call has two rows, its intent and its outcome; its record is
// the join of both. Rows are read through schemas, because somebody may have changed them in the database.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { AuditEvent, CallIntent, CallOutcome, CallRecord } from '../domain/call-record.ts';
import { timeOf, type Moment } from '../domain/record-id.ts';
import type {
  CallRow,
  ChainFields,
  EventFields,
  IntentFields,
  OldFields,
  OutcomeFields,
  RowOf,
  RowPlace,
} from '../store/audit/row.ts';
import type { LoggedEvent, RecordedCall } from './audit.ts';
import { EventSchema, OldIntentSchema, OutcomeSchema } from './old-rows.ts';

/** What an outcome says of its intent where that is the last one before it in the same append. */
export const ROW_BEFORE = 'the intent before';

export interface RowName {
  at: Moment;
  id: string;
}

type LooseOutcome = Omit<OutcomeFields, 'call'> & { call: RowPlace | typeof ROW_BEFORE };

/** A row that has no position in the chain yet. */
export type LooseRow = RowName & (IntentFields | EventFields | ChainFields | LooseOutcome);

const nullableText = z.string().nullable();
export const CallerSchema = z.object({
  client_name: nullableText,
  client_version: nullableText,
  credential_id: z.string(),
  credential_kind: z.enum(['device', 'grant', 'oauth', 'forwarded', 'session']),
  credential_label: z.string(),
  device: nullableText,
  member: nullableText,
  member_id: nullableText,
});
export const PolicySchema = z.object({
  decision: z.enum(['allow', 'deny', 'would_deny']),
  rule: nullableText,
  version: z.number(),
});
export const EndedSchema = OutcomeSchema.omit({ latency_ms: true, upstream_ms: true, response_bytes: true });
export const AskedSchema = z.object({ arg_keys: z.array(z.string()), method: z.string() });

/** The outcome in the record of a call that has no row for it: its broker was killed, or the call is still under way. */
export const NO_OUTCOME = {
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

export function intentRow(intent: CallIntent, { at, id }: RowName): RowName & IntentFields {
  const { client_name, client_version, credential_id, credential_kind, credential_label, device } = intent;
  const { member, member_id, decision, rule, policy_version: version, arg_keys, method } = intent;
  return {
    ...{ kind: 'intent', at, id },
    workspaceId: intent.workspace_id,
    actor: storable(member ?? `grant:${credential_label}`),
    server: storable(intent.server),
    toolName: intent.tool_name === null ? null : storable(intent.tool_name),
    // Their members stand in the order of their names, as the canonical form has them.
    caller: jsonText({
      ...{ client_name, client_version, credential_id, credential_kind, credential_label, device, member, member_id },
    }),
    policy: jsonText({ decision, rule, version }),
    asked: jsonText({ arg_keys, method }),
    requestBytes: intent.request_bytes,
    argsDigest: intent.args_digest,
    sessionId: intent.session_id.toWellFormed(),
    traceId: intent.trace_id,
  };
}

/** Who called what stands in the intent alone, which `call` names. `spans`: what is to be kept beside the row. */
export function outcomeRow(
  workspaceId: string,
  call: RowPlace | typeof ROW_BEFORE,
  outcome: CallOutcome,
  { at, id }: RowName,
  spans?: string,
): RowName & LooseOutcome {
  const { attempts, error_code, input_asked, input_rounds, retry_reason, secret_versions, status } = outcome;
  return {
    ...{ kind: 'outcome', at, id, workspaceId, call },
    ended: jsonText({
      ...{ attempts, error_code, input_asked, input_rounds, retry_reason, secret_versions, status },
    }),
    latencyMs: outcome.latency_ms,
    upstreamMs: outcome.upstream_ms,
    responseBytes: outcome.response_bytes,
    ...(spans !== undefined && { spans }),
  };
}

/** The record of a call. Its position in the chain is that of the outcome, or that of the intent where there is no outcome yet. */
export function toCallRecord({ intent, outcome }: CallRow, read: ReadText = parsed): CallRecord {
  const ended = outcome === null ? NO_OUTCOME : outcomeOf(outcome, read);
  return joinCall(toRecordedCall(intent, read), outcome ?? intent, ended);
}

function outcomeOf(row: RowOf<'outcome' | 'old'>, read: ReadText): CallOutcome {
  if (row.kind === 'old') return read(OutcomeSchema, row.id, row.data);
  const ended = read(EndedSchema, row.id, row.ended);
  return { ...ended, latency_ms: row.latencyMs, upstream_ms: row.upstreamMs, response_bytes: row.responseBytes };
}

export function toRecordedCall(row: CallRow['intent'], read: ReadText = parsed): RecordedCall {
  const { id, workspaceId } = row;
  if (row.kind === 'old') {
    const { ts, server, toolName, data } = row;
    const place = { id, ts: new Date(ts).toISOString(), workspace_id: workspaceId };
    return { ...place, server: server ?? '', tool_name: toolName, ...read(OldIntentSchema, id, data) };
  }
  const policy = read(PolicySchema, id, row.policy);
  return {
    ...{ id, ts: new Date(timeOf(row.at)).toISOString(), workspace_id: workspaceId },
    ...{ server: row.server, tool_name: row.toolName, session_id: row.sessionId, trace_id: row.traceId },
    ...read(CallerSchema, id, row.caller),
    ...read(AskedSchema, id, row.asked),
    ...{ decision: policy.decision, rule: policy.rule, policy_version: policy.version },
    ...{ request_bytes: row.requestBytes, args_digest: row.argsDigest },
  };
}

/** Makes the record from an intent and an outcome in memory. `sealedBy`: the row whose position in the chain the record has. */
export function joinCall(
  call: RecordedCall,
  sealedBy: { seq: number; prevHash: string; hash: string },
  outcome: Omit<CallOutcome, 'latency_ms'> & { latency_ms: number | null },
): CallRecord {
  return { ...call, ...outcome, seq: sealedBy.seq, prev_hash: sealedBy.prevHash, hash: sealedBy.hash };
}

type PlacedEvent = (EventFields | OldFields) & { at: Moment; id: string; seq: number; prevHash: string; hash: string };

export function eventRow(event: AuditEvent, { at, id }: RowName): RowName & EventFields {
  return {
    ...{ kind: 'event', at, id },
    workspaceId: event.workspace_id,
    type: storable(event.type),
    actor: storable(event.actor),
    subject: event.subject === null ? null : storable(event.subject),
    details: canonicalJson(wellFormed({ address: event.address, data: event.data })),
  };
}

export function toLoggedEvent(row: PlacedEvent, read: ReadText = parsed): LoggedEvent {
  const { id, workspaceId, type, actor, subject, seq, prevHash, hash } = row;
  const { address, data } = read(EventSchema, id, row.kind === 'old' ? row.data : row.details);
  const ts = row.kind === 'old' ? row.ts : timeOf(row.at);
  return {
    ...{ id, ts: new Date(ts).toISOString(), workspace_id: workspaceId, type, actor: actor ?? '', subject },
    ...{ address, data, seq, prev_hash: prevHash, hash },
  };
}

/** Reads the text of a record with that id, and throws `internal` where it is not in its form. */
export type ReadText = <T>(schema: z.ZodType<T>, id: string, text: string) => T;

/** The same, of which each text is read once: for whoever reads millions of rows, in which few texts repeat. */
export function createTextReader(mostKept = 20_000): ReadText {
  const known = new WeakMap<z.ZodType, Map<string, unknown>>();
  return <T>(schema: z.ZodType<T>, id: string, text: string): T => {
    let texts = known.get(schema);
    if (texts === undefined) known.set(schema, (texts = new Map()));
    // What stands under a schema was read by it.
    if (texts.has(text)) return texts.get(text) as T;
    const value = parsed(schema, id, text);
    if (texts.size >= mostKept) texts.clear();
    texts.set(text, value);
    return value;
  };
}

function parsed<T>(schema: z.ZodType<T>, id: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const said = `audit record ${id} is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it`;
    throw new GateError('internal', said, { cause: error });
  }
}

const MAX_CHARACTERS = 1_024;

/**
 * `text` in a form that both engines give back unchanged, so that a row's hash still fits when it is read: without NUL, which PostgreSQL
 * refuses, without lone surrogates, which UTF-8 cannot hold, and no longer than a person reads.
 */
function storable(text: string): string {
  return text.slice(0, MAX_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** JSON without lone surrogates, which other programs that check the log may not read. */
function jsonText(value: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud') ? JSON.stringify(wellFormed(value)) : text;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), wellFormed(inner)]));
}
