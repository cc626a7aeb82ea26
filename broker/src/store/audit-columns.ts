// The columns of `audit_events` in the order in which both engines bind them.
import type { AuditEventsTable } from './schema.ts';
import type { AuditRow } from './audit-row.ts';

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

/** A row's values in the order of `AUDIT_COLUMNS`. */
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
