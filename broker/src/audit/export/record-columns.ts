// The columns of an export that has a line for each call and event: what they are called, what they hold, and in which order they stand. Others rely
// on all of it: columns are added at the end, and never renamed.
import type { CallRecord } from '../../domain/call-record.ts';
import type { LoggedEvent } from '../audit.ts';

export type ColumnKind = 'text' | 'time' | 'whole' | 'number' | 'json';
export type Cell = string | number | null;

export const RECORD_COLUMNS = [
  ['chain', 'text'],
  ['seq', 'whole'],
  ['type', 'text'],
  ['id', 'text'],
  ['ts', 'time'],
  ['workspace_id', 'text'],
  ['actor', 'text'],
  ['subject', 'text'],
  ['address', 'text'],
  ['member_id', 'text'],
  ['member', 'text'],
  ['credential_kind', 'text'],
  ['credential_id', 'text'],
  ['credential_label', 'text'],
  ['device', 'text'],
  ['client_name', 'text'],
  ['client_version', 'text'],
  ['session_id', 'text'],
  ['server', 'text'],
  ['method', 'text'],
  ['tool_name', 'text'],
  ['decision', 'text'],
  ['rule', 'text'],
  ['policy_version', 'whole'],
  ['status', 'text'],
  ['error_code', 'text'],
  ['latency_ms', 'number'],
  ['upstream_ms', 'number'],
  ['request_bytes', 'whole'],
  ['response_bytes', 'whole'],
  ['args_digest', 'text'],
  ['arg_keys', 'json'],
  ['secret_versions', 'json'],
  ['attempts', 'whole'],
  ['retry_reason', 'text'],
  ['input_rounds', 'whole'],
  ['input_asked', 'json'],
  ['trace_id', 'text'],
  ['data', 'json'],
  ['prev_hash', 'text'],
  ['hash', 'text'],
  ['intent_seq', 'whole'],
  ['intent_prev_hash', 'text'],
  ['intent_hash', 'text'],
] as const satisfies readonly (readonly [string, ColumnKind])[];

type ColumnName = (typeof RECORD_COLUMNS)[number][0];

const json = (value: unknown): string => JSON.stringify(value);

interface Place {
  chain: string;
  seq: number;
  prevHash: string;
  hash: string;
}

/**
 * Cells that stand beside each other in a line. Those that many lines have in common are one object, with which a form keeps the text that it has
 * made of them: it is made once.
 */
export interface Run {
  readonly cells: readonly Cell[];
  readonly texts: Map<RecordForm, string> | undefined;
}
export type RecordForm = 'json' | 'csv';
/** All cells of a record, in the order of the columns. */
export type RecordLine = readonly Run[];

const own = (cells: readonly Cell[]): Run => ({ cells, texts: undefined });
const common = (cells: readonly Cell[]): Run => ({ cells, texts: new Map() });
export const cellsIn = (line: RecordLine): Cell[] => line.flatMap(({ cells }) => cells);

type Of<Name extends keyof CallRecord> = Pick<CallRecord, Name>;

/** What many calls say alike. */
export interface SaidByCalls {
  caller: Run;
  asked: { method: Run; argKeys: Run };
  policy: Run;
  ended: { status: Run; how: Run };
}

type Caller = 'member' | 'member_id' | 'credential_kind' | 'credential_id' | 'credential_label' | 'device';
export const callerRun = (call: Of<Caller | 'client_name' | 'client_version'>): SaidByCalls['caller'] =>
  common([
    ...[call.member ?? `grant:${call.credential_label}`, null, null, call.member_id, call.member],
    ...[call.credential_kind, call.credential_id, call.credential_label, call.device],
    ...[call.client_name, call.client_version],
  ]);
export const askedRuns = (call: Of<'method' | 'arg_keys'>): SaidByCalls['asked'] => ({
  method: common([call.method]),
  argKeys: common([json(call.arg_keys)]),
});
export const policyRun = (call: Of<'decision' | 'rule'>, version: number): SaidByCalls['policy'] =>
  common([call.decision, call.rule, version]);
type Ended = 'status' | 'error_code' | 'secret_versions' | 'attempts' | 'retry_reason' | 'input_rounds' | 'input_asked';
export const endedRuns = (call: Of<Ended>): SaidByCalls['ended'] => ({
  status: common([call.status, call.error_code]),
  how: common([
    ...[json(call.secret_versions), call.attempts, call.retry_reason],
    ...[call.input_rounds, json(call.input_asked)],
  ]),
});

/** What a call has of its own. */
export type OwnOfCall = Of<'id' | 'ts' | 'workspace_id' | 'session_id' | 'server' | 'tool_name' | 'trace_id'> &
  Of<'latency_ms' | 'upstream_ms' | 'request_bytes' | 'response_bytes' | 'args_digest'>;

/** `intent`: where the row stands that was committed before the call was forwarded. */
export function callLine(call: OwnOfCall, said: SaidByCalls, place: Place, intent: Place): RecordLine {
  const { caller, asked, policy, ended } = said;
  const { latency_ms, upstream_ms, request_bytes, response_bytes, args_digest } = call;
  return [
    own([place.chain, place.seq, 'call', call.id, call.ts, call.workspace_id]),
    caller,
    own([call.session_id, call.server]),
    asked.method,
    own([call.tool_name]),
    policy,
    ended.status,
    own([latency_ms, upstream_ms, request_bytes, response_bytes, args_digest]),
    asked.argKeys,
    ended.how,
    own([call.trace_id, null, place.prevHash, place.hash, intent.seq, intent.prevHash, intent.hash]),
  ];
}

const EVENT_CELLS: ReadonlySet<ColumnName> = new Set([
  ...(['chain', 'seq', 'type', 'id', 'ts', 'workspace_id', 'actor', 'subject', 'address', 'data'] as const),
  ...(['prev_hash', 'hash'] as const),
]);

export function eventLine(event: LoggedEvent, { chain }: Place): RecordLine {
  const cells: Readonly<Record<string, Cell>> = { ...event, chain, data: json(event.data) };
  return [own(RECORD_COLUMNS.map(([name]) => (EVENT_CELLS.has(name) ? (cells[name] ?? null) : null)))];
}
