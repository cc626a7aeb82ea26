// Records of the audit log as the cells of a table's line.
import type { Call, Event } from 'mcpgate-shared/api/audit';

const localTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export function callCells(call: Call): string[] {
  const who = call.member ?? `${call.credential_kind}:${call.credential_label}`;
  const decision = call.rule === null ? call.decision : `${call.decision} ${call.rule}`;
  const client = call.client_name ?? call.credential_label;
  const ms = call.latency_ms === null ? '-' : String(Math.round(call.latency_ms));
  return [localTime(call.ts), who, client, call.server, call.tool_name ?? call.method, decision, call.status, ms];
}

/** Details that are null are not shown. */
export function eventCells(event: Event): string[] {
  const details = Object.entries(event.data).flatMap(([key, value]) => {
    if (value === null) return [];
    return [`${key}=${Array.isArray(value) ? value.join(',') : String(value)}`];
  });
  return [localTime(event.ts), event.type, event.actor, event.subject ?? '-', details.join(' ')];
}
