// The text that the hash of a row covers: the row as canonical JSON (RFC 8785), with the hash of the row before it. docs/audit-format.md says each
// member. It is put together of texts, because every call waits for it, and a verification makes it for every row that there is.
import { timeOf } from '../domain/record-id.ts';
import { FORMAT, type RowFields, type RowPlace } from '../store/audit/row.ts';

export type HashedRow = RowPlace & { id: string; at: number } & RowFields;

/** What every row has; texts are JSON. */
interface PlaceTexts {
  chain: string;
  id: string;
  prevHash: string;
  seq: number;
  /** ISO 8601. */
  ts: string;
}

/** The members of rows, as the JSON that stands in them. */
export interface IntentTexts {
  actor: string;
  argsDigest: string;
  asked: string;
  caller: string;
  policy: string;
  requestBytes: number;
  server: string;
  sessionId: string;
  toolName: string;
  traceId: string;
  workspaceId: string;
}
export interface OutcomeTexts {
  call: string;
  ended: string;
  latencyMs: string;
  responseBytes: number;
  upstreamMs: string;
  workspaceId: string;
}
export interface EventTexts {
  actor: string;
  details: string;
  subject: string;
  type: string;
  workspaceId: string;
}

export const intentText = (p: PlaceTexts, m: IntentTexts): string =>
  `{"actor":${m.actor},"args_digest":${m.argsDigest},"asked":${m.asked},"caller":${m.caller},"chain":${p.chain},"id":"${p.id}","policy":${m.policy},"prev_hash":"${p.prevHash}","request_bytes":${m.requestBytes},"seq":${p.seq},"server":${m.server},"session_id":${m.sessionId},"tool_name":${m.toolName},"trace_id":${m.traceId},"ts":"${p.ts}","type":"call.intent","v":${FORMAT},"workspace_id":${m.workspaceId}}`;

export const outcomeText = (p: PlaceTexts, m: OutcomeTexts): string =>
  `{"call":${m.call},"chain":${p.chain},"ended":${m.ended},"id":"${p.id}","latency_ms":${m.latencyMs},"prev_hash":"${p.prevHash}","response_bytes":${m.responseBytes},"seq":${p.seq},"ts":"${p.ts}","type":"call.outcome","upstream_ms":${m.upstreamMs},"v":${FORMAT},"workspace_id":${m.workspaceId}}`;

export const eventText = (p: PlaceTexts, m: EventTexts): string =>
  `{"actor":${m.actor},"chain":${p.chain},"details":${m.details},"id":"${p.id}","prev_hash":"${p.prevHash}","seq":${p.seq},"subject":${m.subject},"ts":"${p.ts}","type":${m.type},"v":${FORMAT},"workspace_id":${m.workspaceId}}`;

const chainText = (p: PlaceTexts, m: { details: string; type: string }): string =>
  `{"chain":${p.chain},"details":${m.details},"id":"${p.id}","prev_hash":"${p.prevHash}","seq":${p.seq},"ts":"${p.ts}","type":${m.type},"v":${FORMAT}}`;

/** A row of a chain in a text: `CHAIN#SEQ`. */
export const placeText = ({ chain, seq }: RowPlace): string => `${chain}#${seq}`;

const json = (value: string | number | null): string => JSON.stringify(value);

export function canonicalRow(row: HashedRow, prevHash: string): string {
  if (row.kind === 'old') return `${prevHash}\n${oldRowText(row)}`;
  const ts = new Date(timeOf(row.at)).toISOString();
  const place = { chain: json(row.chain), id: row.id, prevHash, seq: row.seq, ts };
  switch (row.kind) {
    case 'intent': {
      const { asked, caller, policy, requestBytes } = row;
      return intentText(place, {
        ...{ actor: json(row.actor), argsDigest: json(row.argsDigest), asked, caller, policy, requestBytes },
        ...{ server: json(row.server), sessionId: json(row.sessionId), toolName: json(row.toolName) },
        ...{ traceId: json(row.traceId), workspaceId: json(row.workspaceId) },
      });
    }
    case 'outcome': {
      const { ended, responseBytes } = row;
      return outcomeText(place, {
        ...{ call: json(placeText(row.call)), ended, latencyMs: json(row.latencyMs), responseBytes },
        ...{ upstreamMs: json(row.upstreamMs), workspaceId: json(row.workspaceId) },
      });
    }
    case 'event': {
      const { actor, details, subject, type, workspaceId } = row;
      const texts = { actor: json(actor), subject: json(subject), type: json(type), workspaceId: json(workspaceId) };
      return eventText(place, { ...texts, details });
    }
    case 'chain':
      return chainText(place, { details: row.details, type: json(row.type) });
  }
}

/** The text of a row as versions before the format 2 have hashed it, behind the hash of the row before it. */
function oldRowText(row: HashedRow & { kind: 'old' }): string {
  const { id, workspaceId, ts, chain, seq, type, callId, actor, subject, server, toolName, data } = row;
  return JSON.stringify([id, workspaceId, ts, chain, seq, type, callId, actor, subject, server, toolName, data]);
}
