// The audit log as the database has it: rows of one table, which are only ever appended; what can be asked of them, and how an append fails.
import { HostError } from '../domain/public-message.ts';

/** An event as appended: the chain's fields are the audit module's, the store only keeps them. */
export interface AuditRow {
  id: string;
  workspaceId: string;
  ts: number;
  /** Which broker process wrote it; chains are per writer. */
  writer: string;
  seq: number;
  /** `call.intent`, `call.outcome`, or an event type. */
  type: string;
  /** For intents and outcomes: the call's id. */
  callId: string | null;
  actor: string | null;
  subject: string | null;
  server: string | null;
  toolName: string | null;
  /** JSON text, exactly as hashed. */
  data: string;
  prevHash: string;
  hash: string;
}

export interface AuditQuery {
  workspaceId: string;
  since?: number;
  until?: number;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  /** Newest first unless `after` is given: then rows after that (ts, id), oldest first, for tailing. */
  after?: { ts: number; id: string };
  limit: number;
}

export interface CallRow {
  intent: AuditRow;
  outcome: AuditRow | null;
}

/** The answer to an append was lost on its way: the rows may stand in the table or not. */
export class AppendInDoubt extends HostError {}
