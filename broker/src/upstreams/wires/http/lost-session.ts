// Recognizes the answers with which servers say that they do not know an HTTP session (any more). The specification has 404 for that; the
// official SDKs and servers built on them also answer 400 with a JSON-RPC error or plain text, 401 and 422. All of them say so before they
// look at the request, which therefore is provably not executed.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { isRecord, parseRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';

export interface SaidOfSession {
  status: number;
  body: string;
  /** Whether the request carried a session id. */
  hasSession: boolean;
  /** Whether the handshake is over; before that there is no session to lose. */
  isEstablished: boolean;
}

/** The word "session" and a word for what is wrong with it, in either order and within one sentence. */
const WRONG =
  '(?:not found|not exist|no longer|unknown|invalid|expired|terminated|closed|missing|required|lost|no valid|not valid|does not exist|could not find|no such|no active|not active|mismatch|must be initialized)';
const LOST = new RegExp(`\\bsessions?\\b[^.!\\n]{0,80}${WRONG}|${WRONG}[^.!\\n]{0,40}\\bsession`, 'i');
const ID = /\b(?:mcp-)?session[-_ ]?id\b/i;
/** What a server says that was restarted, and has not had the handshake since. */
const NOT_INITIALIZED =
  /\bnot (?:yet )?(?:been )?initiali[sz]ed\b|\bno session ID or not initiali[sz]|\bnot an? initiali[sz]e request\b|\bexpects? initiali[sz]e\b|\bonly be created by an initiali[sz]e request\b/i;

/** 422 is from servers of the Rust SDK ("expect initialize request"), and so was 401 in older ones. */
const STATUSES: ReadonlySet<number> = new Set([400, 401, 404, 410, 422]);

export function saysSessionLost({ status, body, hasSession, isEstablished }: SaidOfSession): boolean {
  if (!STATUSES.has(status)) return false;
  const answer = answerOf(body);
  const says = saysSo(body) && (answer === undefined || TRANSPORT_CODES.has(answer['code']));
  if (!hasSession) return isEstablished && status !== 401 && status !== 404 && NOT_INITIALIZED.test(body);
  // The status of the specification; unless the body is an answer to the request, about something else that was not found.
  if (status === 404 || status === 410) return says || answer === undefined;
  return says;
}

const saysSo = (body: string): boolean =>
  NOT_INITIALIZED.test(body) || LOST.test(body) || (ID.test(body) && /bad request/i.test(body));

/** JSON-RPC codes of errors that a server's transport answers with. A tool that reports about sessions of its own has other codes. */
const TRANSPORT_CODES: ReadonlySet<unknown> = new Set([
  RPC_CODE.serverError,
  RPC_CODE.unknownSession,
  32001,
  RPC_CODE.invalidRequest,
]);

/** The JSON-RPC error in the body, where it has the id of a request. Errors of a server's transport mostly have none, or `server-error`. */
function answerOf(body: string): JsonRecord | undefined {
  const message = parseRecord(body.trim());
  const isNamed = message !== undefined && typeof message['id'] === 'number' && isRecord(message['error']);
  return isNamed ? (message['error'] as JsonRecord) : undefined;
}
