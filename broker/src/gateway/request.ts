// A request of the client as the gateway handles it: method and params, and what its handler may do while it is under way. Its id is known only
// to the edge.
import { scanObject, type JsonMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import type { CallSpan, TraceParent } from '../domain/outside/call-span.ts';
import type { Pieces } from '../message/pieces.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { JsonRecord } from '../mcp/json-rpc-guard.ts';
import type { ServerQuestion, UpstreamReply } from '../upstreams/upstream.ts';
import type { InputTally } from './call/input-tally.ts';

export interface Request {
  method: string;
  params: JsonRecord;
  /** The text of the whole message, which contains the params. */
  text: string;
  /** Where the params and their members stand in `text`; undefined: there are none. */
  paramsSpan: JsonObject | undefined;
  /** The large values that are not in `text`. */
  pieces?: Pieces | undefined;
  /** What the caller says of its own span beside the message, as the headers of an HTTP request do; what stands in `_meta` comes before it. */
  trace?: TraceParent | undefined;
}

/** A notification to the client. */
export interface Notice {
  method: string;
  /** JSON text of an object; undefined: the notification has no params. */
  paramsText: string | undefined;
}

export interface Handling {
  request: Request;
  /** The id of the request as the client wrote it, JSON text: what is told on a stream says it. */
  idText: string;
  /** Where the message came from that the request stood in; undefined: not known. */
  address: string | undefined;
  signal: AbortSignal;
  /** Sends the client a notification about the request. */
  tell: (notice: Notice) => void;
  /** A server that a list had to leave out has answered now. */
  onLate: (list: ListKind) => void;
  /** The request is about to go to this server; its connection may not exist yet. */
  sentTo?: (server: string) => void;
  /** Puts a question of mcpgate's own to the client, where that is done in the result of this very request (2026-07-28). Never rejects. */
  ask?: (question: ServerQuestion) => Promise<UpstreamReply>;
  /** The span of it, where calls are traced. */
  span?: CallSpan | undefined;
  /** Counts the questions that servers ask the client meanwhile. */
  input?: InputTally;
}

/** A request that mcpgate makes on behalf of the client. `members`: the params as JSON text by name, in their order; `params`: the same, parsed. */
export function madeRequest(
  method: string,
  params: JsonRecord,
  members: Iterable<readonly [key: string, valueText: string]>,
): Request {
  let text = '{';
  const found: JsonMember[] = [];
  for (const [key, valueText] of members) {
    if (found.length > 0) text += ',';
    const keyStart = text.length;
    text += `${JSON.stringify(key)}:`;
    const start = text.length;
    text += valueText;
    const inner = key === '_meta' && valueText.startsWith('{') ? scanObject(text, start) : undefined;
    found.push({ key, keyStart, start, end: text.length, inner });
  }
  text += '}';
  return { method, params, text, paramsSpan: { start: 0, end: text.length, members: found, duplicate: undefined } };
}
