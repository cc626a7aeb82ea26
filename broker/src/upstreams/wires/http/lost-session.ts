// The ways in which servers say that they do not know a session (any more). The specification's is 404; the official SDKs and what is built on
// them add 400 with a JSON-RPC error, plain text, 401 and 422. Every one of them says so before it looks at the request, which is therefore
// provably not executed.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { isRecord, parseRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';

export interface SaidOfSession {
  status: number;
  body: string;
  /** A session id was sent. */
  hasSession: boolean;
  /** The handshake is over: only then there is something to lose. */
  isEstablished: boolean;
}

/** "Session" and what is wrong with it, in either order and within one sentence. */
const WRONG =
  '(?:not found|not exist|no longer|unknown|invalid|expired|terminated|closed|missing|required|lost|no valid|not valid|does not exist|could not find|no such|no active|not active|mismatch|must be initialized)';
const LOST = new RegExp(`\\bsessions?\\b[^.!\\n]{0,80}${WRONG}|${WRONG}[^.!\\n]{0,40}\\bsession`, 'i');
const ID = /\b(?:mcp-)?session[-_ ]?id\b/i;
/** A process that was started anew, and never had the handshake. */
const NOT_INITIALIZED =
  /\bnot (?:yet )?(?:been )?initiali[sz]ed\b|\bno session ID or not initiali[sz]|\bnot an? initiali[sz]e request\b|\bexpects? initiali[sz]e\b|\bonly be created by an initiali[sz]e request\b/i;

/** 422: "expect initialize request" of a Rust server. 401 is one of its older ways. */
const STATUSES: ReadonlySet<number> = new Set([400, 401, 404, 410, 422]);

export function saysSessionLost({ status, body, hasSession, isEstablished }: SaidOfSession): boolean {
  if (!STATUSES.has(status)) return false;
  const answer = answerOf(body);
  const says = saysSo(body) && (answer === undefined || TRANSPORT_CODES.has(answer['code']));
  if (!hasSession) return isEstablished && status !== 401 && status !== 404 && NOT_INITIALIZED.test(body);
  // The specification's own; unless it is an answer to the request, about something else that was not found.
  if (status === 404 || status === 410) return says || answer === undefined;
  return says;
}

const saysSo = (body: string): boolean =>
  NOT_INITIALIZED.test(body) || LOST.test(body) || (ID.test(body) && /bad request/i.test(body));

/** Codes that transports answer with, where they name the request at all: what a tool says of sessions of its own has others. */
const TRANSPORT_CODES: ReadonlySet<unknown> = new Set([
  RPC_CODE.serverError,
  RPC_CODE.unknownSession,
  32001,
  RPC_CODE.invalidRequest,
]);

/** The JSON-RPC error that names the request which it answers; those of a transport mostly name none, or say `server-error`. */
function answerOf(body: string): JsonRecord | undefined {
  const message = parseRecord(body.trim());
  const isNamed = message !== undefined && typeof message['id'] === 'number' && isRecord(message['error']);
  return isNamed ? (message['error'] as JsonRecord) : undefined;
}
