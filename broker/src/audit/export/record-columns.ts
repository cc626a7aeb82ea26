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

/** `intent`: where the row stands that was committed before the call was forwarded. */
export function callCells(call: CallRecord, { chain }: Place, intent: Place): Cell[] {
  return [
    ...[chain, call.seq, 'call', call.id, call.ts, call.workspace_id],
    ...[call.member ?? `grant:${call.credential_label}`, null, null, call.member_id, call.member],
    ...[call.credential_kind, call.credential_id, call.credential_label, call.device],
    ...[call.client_name, call.client_version, call.session_id, call.server, call.method, call.tool_name],
    ...[call.decision, call.rule, call.policy_version, call.status, call.error_code],
    ...[call.latency_ms, call.upstream_ms, call.request_bytes, call.response_bytes],
    ...[call.args_digest, json(call.arg_keys), json(call.secret_versions)],
    ...[call.attempts, call.retry_reason, call.input_rounds, json(call.input_asked), call.trace_id, null],
    ...[call.prev_hash, call.hash, intent.seq, intent.prevHash, intent.hash],
  ];
}

const EVENT_CELLS: ReadonlySet<ColumnName> = new Set([
  ...(['chain', 'seq', 'type', 'id', 'ts', 'workspace_id', 'actor', 'subject', 'address', 'data'] as const),
  ...(['prev_hash', 'hash'] as const),
]);

export function eventCells(event: LoggedEvent, { chain }: Place): Cell[] {
  const cells: Readonly<Record<string, Cell>> = { ...event, chain, data: json(event.data) };
  return RECORD_COLUMNS.map(([name]) => (EVENT_CELLS.has(name) ? (cells[name] ?? null) : null));
}

/** As a JSON line: texts that hold JSON are what they hold. */
export function jsonLine(cells: readonly Cell[]): string {
  let line = '';
  for (const [index, { begin, isText }] of JSON_COLUMNS.entries()) {
    const cell = cells[index] ?? null;
    line += begin + (cell === null ? 'null' : typeof cell === 'number' || !isText ? String(cell) : json(cell));
  }
  return `${line}}\n`;
}
const JSON_COLUMNS = RECORD_COLUMNS.map(([name, kind], index) => ({
  begin: `${index === 0 ? '{' : ','}"${name}":`,
  isText: kind === 'text' || kind === 'time',
}));

/** As a program that calculates reads them (RFC 4180). */
export const csvHead = (): string => `${RECORD_COLUMNS.map(([name]) => name).join(',')}\r\n`;
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** A table of texts in the same form. */
export const tableText = (rows: readonly (readonly string[])[]): string => rows.map(csvLine).join('');

/** What a program that calculates takes for a formula where a text begins so: https://owasp.org/www-community/attacks/CSV_Injection. */
const FORMULA = /^[\s\u00A0\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;
// oxlint-disable-next-line no-control-regex -- control characters are what this takes out
const CONTROL = /[\u0000-\u001F\u007F\u0085\u2028\u2029]/g;
const QUOTED = /[",]|^\s|\s$/;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text that would run begins with an apostrophe, by which it is a text; a line has no line breaks within: they stand as `\n`. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (isPlain(cell)) return cell;
  const line = cell.replaceAll(CONTROL, (character) => {
    return ESCAPES[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
  const defused = FORMULA.test(cell) || CONTROL.test(cell.slice(0, 1)) ? `'${line}` : line;
  return QUOTED.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

/** Most are: names, ids, hashes. */
const isPlain = (text: string): boolean => /^[\w](?:[\w.:#@/-]*[\w.:#@/-])?$/.test(text);
