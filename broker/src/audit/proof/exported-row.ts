// A row as an export has it: the object that its hash covers, and the hash. Whoever may not see a row gets its place and its hashes, by which the rows
// around it still hang together.
import type { AuditRow } from '../../store/audit/row.ts';
import { canonicalRow } from '../canonical-row.ts';

export type ExportedRow = Record<string, unknown>;

/** `workspaceId`: of whose rows more is shown than hashes; rows about chains are nobody's. */
export function exportedRow(row: AuditRow, workspaceId: string): ExportedRow {
  const { chain, seq, hash, prevHash: prev_hash } = row;
  if (row.kind !== 'chain' && row.workspaceId !== workspaceId)
    return { chain, seq, prev_hash, hash, v: row.kind === 'old' ? 1 : 2, withheld: true };
  if (row.kind === 'old') {
    const { id, ts, type, callId: call_id, actor, subject, server, toolName: tool_name, data } = row;
    const said = { id, workspace_id: workspaceId, ts, type, call_id, actor, subject, server, tool_name, data };
    return { ...said, chain, seq, prev_hash, hash, v: 1 };
  }
  return { ...(JSON.parse(canonicalRow(row, prev_hash)) as ExportedRow), hash };
}
