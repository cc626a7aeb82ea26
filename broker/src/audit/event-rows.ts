// An event as a row and back.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AuditEvent } from '../domain/call-record.ts';
import type { AuditRow } from '../store/audit-row.ts';
import type { LoggedEvent } from './audit.ts';
import type { LooseRow } from './chain-writer.ts';
import { storable } from './storable-text.ts';

const dataSchema = z.object({
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
  const { address, data } = readData(row);
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

function readData(row: AuditRow): z.infer<typeof dataSchema> {
  try {
    return dataSchema.parse(JSON.parse(row.data));
  } catch (error) {
    const text = `audit record ${row.id} is not in the form it was written in: somebody has changed it in the database, or a newer mcpgate-broker wrote it`;
    throw new GateError('internal', text, { cause: error });
  }
}
