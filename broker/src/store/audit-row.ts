// The audit log as the database has it: rows of one table, which are only ever appended; what can be asked of them, and how an append fails.
import { HostError } from '../domain/public-message.ts';

/** A row as it is appended. `audit` computes the fields of the chain (`writer`, `seq`, `prevHash`, `hash`); the store only keeps them. */
export interface AuditRow {
  id: string;
  workspaceId: string;
  ts: number;
  /** The broker process that wrote the row; each writer has a chain of its own. */
  writer: string;
  seq: number;
  /** `call.intent`, `call.outcome`, or an event type. */
  type: string;
  /** The call's id, for intents and outcomes; else null. */
  callId: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  toolName: string | null;
  /** JSON text, exactly as it was hashed. */
  data: string;
  prevHash: string;
  hash: string;
}

/** The table `audit_events`, as the query builder sees it. */
export interface AuditEventsTable {
  id: string;
  workspace_id: string;
  ts: number;
  writer: string;
  seq: number;
  type: string;
  call_id: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  tool_name: string | null;
  data: string;
  prev_hash: string;
  hash: string;
}

/** The columns of `audit_events`, in the order in which both engines bind their values. */
export const AUDIT_COLUMNS = [
  'id',
  'workspace_id',
  'ts',
  'writer',
  'seq',
  'type',
  'call_id',
  'actor',
  'subject',
  'server',
  'tool_name',
  'data',
  'prev_hash',
  'hash',
] as const satisfies readonly (keyof AuditEventsTable)[];

/** The values of a row, in the order of `AUDIT_COLUMNS`. */
export function auditValues(row: AuditRow): (string | number | null)[] {
  return [
    row.id,
    row.workspaceId,
    row.ts,
    row.writer,
    row.seq,
    row.type,
    row.callId,
    row.actor,
    row.subject,
    row.server,
    row.toolName,
    row.data,
    row.prevHash,
    row.hash,
  ];
}

export interface AuditQuery {
  workspaceId: string;
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  /** Without it the newest rows come first. With it come the rows after this time and id, the oldest first, to follow the log. */
  after?: { ts: number; id: string };
  limit: number;
}

/** Calls that carried a secret. `before`: only those before this time and id. The newest come first. */
export interface SecretUseQuery {
  workspaceId: string;
  name: string;
  /** Null: any. */
  version: number | null;
  since: number;
  before?: { ts: number; id: string };
  limit: number;
}

export interface CallRow {
  intent: AuditRow;
  outcome: AuditRow | null;
}

/** The answer to an append was lost on its way: the rows may stand in the table or not. */
export class AppendInDoubt extends HostError {}
