// Makes the intent of a call: the part of its record that is written before the request is forwarded.
import type { CallIntent } from '../../domain/call-record.ts';
import { hashInTurns } from '../../message/hash-in-turns.ts';
import { byteLengthOf, type Pieces } from '../../message/pieces.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Verdict } from '../../policy/verdict.ts';
import type { Request } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';
import { findMember } from 'mcpgate-shared/mcp/json-span';

/** A request with the verdict on it. */
export interface Judged {
  /** The requested thing by the name that rules use: `SERVER__TOOL`, `resource:URI`, `prompt:SERVER__NAME`. */
  what: string;
  verdict: Verdict;
  policyVersion: number;
  /** SHA-256 of the arguments as the client wrote them, hex; null: there are none. */
  argsDigest: string | null;
  argKeys: readonly string[];
  traceId: string | null;
  /** Left out where there is no such server. */
  server?: Pick<ServerRecord, 'name' | 'auditArguments'>;
  /** When the request arrived, on the clock of `elapsedMs`. */
  startedAt: number;
}

/** `server`: the name that the client wrote, even where no server has it. */
export async function callIntent(
  { id, principal, client }: SessionScope,
  request: Request,
  server: string,
  judged: Judged,
): Promise<CallIntent> {
  const { text, pieces } = request;
  return {
    workspace_id: principal.workspaceId,
    member_id: principal.user?.id ?? null,
    member: principal.user?.name ?? null,
    credential_kind: principal.credential.kind,
    credential_id: principal.credential.id,
    credential_label: principal.credential.label,
    device: principal.device?.name ?? null,
    client_name: client.name,
    client_version: client.version,
    session_id: id,
    server,
    method: request.method,
    tool_name: judged.what,
    // What asks somebody is denied for want of their yes.
    decision: judged.verdict.decision === 'ask' ? 'deny' : judged.verdict.decision,
    rule: judged.verdict.rule,
    policy_version: judged.policyVersion,
    request_bytes: byteLengthOf(text, pieces),
    args_digest: pieces === undefined ? judged.argsDigest : await argumentsDigest(request, pieces),
    arg_keys: judged.argKeys,
    trace_id: judged.traceId,
  };
}

/** SHA-256 (hex) of the arguments of a large request, as the client wrote them; null where it has none. */
async function argumentsDigest({ text, paramsSpan }: Request, pieces: Pieces): Promise<string | null> {
  const span = findMember(paramsSpan?.members ?? [], 'arguments');
  return span === undefined ? null : await hashInTurns(pieces.join(text.slice(span.start, span.end)));
}
