// The text that the hash of a row covers: the row as canonical JSON (RFC 8785), with the hash of the row before it. docs/audit-format.md says each
// member. It is put together of texts, because every call waits for it, and a verification makes it for every row that there is.
import { timeOf } from '../domain/record-id.ts';
import { FORMAT, type RowFields, type RowPlace } from '../store/audit/row.ts';

export type HashedRow = RowPlace & { id: string; at: number } & RowFields;

const text = (value: string): string => JSON.stringify(value);
const textOrNull = (value: string | null): string => (value === null ? 'null' : JSON.stringify(value));

/** A row of a chain in a text: `CHAIN#SEQ`. */
const placeText = ({ chain, seq }: RowPlace): string => `${chain}#${seq}`;

/** `timeText`: milliseconds since the epoch in ISO 8601. */
export function canonicalRow(
  row: HashedRow,
  prevHash: string,
  timeText: (ms: number) => string = (ms) => new Date(ms).toISOString(),
): string {
  const chain = `"chain":${text(row.chain)}`;
  const place = `"id":"${row.id}"`;
  const prev = `"prev_hash":"${prevHash}"`;
  const seq = `"seq":${row.seq}`;
  switch (row.kind) {
    case 'intent': {
      const ts = `"ts":"${timeText(timeOf(row.at))}"`;
      return `{"actor":${text(row.actor)},"args_digest":${textOrNull(row.argsDigest)},"asked":${row.asked},"caller":${row.caller},${chain},${place},"policy":${row.policy},${prev},"request_bytes":${row.requestBytes},${seq},"server":${text(row.server)},"session_id":${text(row.sessionId)},"tool_name":${textOrNull(row.toolName)},"trace_id":${textOrNull(row.traceId)},${ts},"type":"call.intent","v":${FORMAT},"workspace_id":${text(row.workspaceId)}}`;
    }
    case 'outcome': {
      const ts = `"ts":"${timeText(timeOf(row.at))}"`;
      return `{"call":${text(placeText(row.call))},${chain},"ended":${row.ended},${place},"latency_ms":${JSON.stringify(row.latencyMs)},${prev},"response_bytes":${row.responseBytes},${seq},${ts},"type":"call.outcome","upstream_ms":${JSON.stringify(row.upstreamMs)},"v":${FORMAT},"workspace_id":${text(row.workspaceId)}}`;
    }
    case 'event': {
      const ts = `"ts":"${timeText(timeOf(row.at))}"`;
      return `{"actor":${text(row.actor)},${chain},"details":${row.details},${place},${prev},${seq},"subject":${textOrNull(row.subject)},${ts},"type":${text(row.type)},"v":${FORMAT},"workspace_id":${text(row.workspaceId)}}`;
    }
    case 'chain': {
      const ts = `"ts":"${timeText(timeOf(row.at))}"`;
      return `{${chain},"details":${row.details},${place},${prev},${seq},${ts},"type":${text(row.type)},"v":${FORMAT}}`;
    }
    case 'old':
      return `${prevHash}\n${oldRowText(row)}`;
  }
}

/** The text of a row as versions before the format 2 have hashed it, behind the hash of the row before it. */
function oldRowText(row: HashedRow & { kind: 'old' }): string {
  const { id, workspaceId, ts, chain, seq, type, callId, actor, subject, server, toolName, data } = row;
  return JSON.stringify([id, workspaceId, ts, chain, seq, type, callId, actor, subject, server, toolName, data]);
}
