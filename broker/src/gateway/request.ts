// A request of the client, as everything behind the edge has it: what it asks for, and what may be done while it is under way. Its id is the
// edge's alone.
import { scanObject, type JsonMember, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import type { Pieces } from '../message/pieces.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { JsonRecord } from '../mcp/json-rpc-guard.ts';
import type { InputTally } from './call/input-tally.ts';

export interface Request {
  method: string;
  params: JsonRecord;
  /** The text in which the params stand. */
  text: string;
  /** Where they stand there; undefined where there are none. */
  paramsSpan: JsonObject | undefined;
  /** What was taken out of a large text. */
  pieces?: Pieces | undefined;
}

/** What is told to the client while a request is under way, or by itself. */
export interface Notice {
  method: string;
  /** JSON text of an object; undefined: the notification has no params. */
  paramsText: string | undefined;
}

export interface Handling {
  request: Request;
  signal: AbortSignal;
  /** Tells the client something about the request. */
  tell: (notice: Notice) => void;
  /** What a list lacked is there now. */
  onLate: (list: ListKind) => void;
  /** It goes to this server now, whose connection may be made for it. */
  sentTo?: (server: string) => void;
  /** Counts what is asked of the client meanwhile. */
  input?: InputTally;
}

/** A request that mcpgate makes on behalf of the client. `members`: JSON text by name, in their order; `params`: the same, read. */
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
