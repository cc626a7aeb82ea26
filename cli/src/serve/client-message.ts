// Reads the few parts of JSON-RPC messages that `serve` needs, by hand, because it loads no validation library.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { answerHead, HEAD_BYTES, requestHead } from 'mcpgate-shared/mcp/rpc-text';

/** A message of the AI client. `id`: as JSON text. */
export interface ClientMessage {
  id: string | undefined;
  method: string | undefined;
  params: Readonly<Record<string, unknown>>;
}

/** The parsed line; undefined where it is not JSON. */
function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The error code for a line that is no message, because it is not JSON or not an object. `serve` answers such a line itself. */
export type Garbage = typeof RPC_CODE.parseError | typeof RPC_CODE.invalidRequest;

/** Reads a line. A JSON array counts as a message without id and method: the broker answers batches. */
export function readClientMessage(line: Buffer): ClientMessage | Garbage {
  const value = parse(line);
  if (value === undefined) return RPC_CODE.parseError;
  if (typeof value !== 'object' || value === null) return RPC_CODE.invalidRequest;
  const { id, method, params } = value as Record<string, unknown>;
  const isObject = typeof params === 'object' && params !== null;
  // Some clients write every member that they know; a null means that there is none.
  if (isObject && Reflect.get(params, 'cursor') === null) Reflect.deleteProperty(params, 'cursor');
  return {
    id: typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : undefined,
    method: typeof method === 'string' ? method : undefined,
    params: isObject ? (params as Record<string, unknown>) : {},
  };
}

/** The messages of a JSON-RPC batch, each as a line; undefined: the line is no batch. Only MCP 2025-03-26 has batches. */
export function batchLines(line: Buffer): Buffer[] | undefined {
  if (!/^\s*\[/.test(line.toString('latin1', 0, 99)) || parse(line) === undefined) return undefined;
  const text = line.toString();
  const lines: Buffer[] = [];
  let depth = 0;
  let from = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') isString = !isString;
    else if (isString) at += char === '\\' ? 1 : 0;
    else if ('[{'.includes(char)) {
      if (depth++ === 0) from = at + 1;
    } else if (char === ',' ? depth === 1 : ']}'.includes(char) && --depth === 0) {
      lines.push(Buffer.from(text.slice(from, at)));
      from = at + 1;
    }
  }
  // An empty batch is passed on as it is; the broker answers that it is not valid.
  return lines.length === 1 && lines[0]?.toString().trim() === '' ? undefined : lines;
}

const headOf = (message: Buffer) => message.toString('utf8', 0, HEAD_BYTES);

/** The id (JSON text) of the request that a message of the broker answers; undefined: the message is no response. */
export function answeredId(message: Buffer): string | undefined {
  const head = answerHead(headOf(message));
  return head === undefined ? undefined : JSON.stringify(JSON.parse(head.idText));
}

/** The id (JSON text) of a question of a server to the client; undefined: the message is none. */
export function askedId(message: Buffer): string | undefined {
  return requestHead(headOf(message));
}

/** The result (JSON text) of a response; undefined for an error. */
export function resultText(message: Buffer): string | undefined {
  const text = headOf(message);
  const head = answerHead(text);
  return head?.member === 'result'
    ? message.toString('utf8', Buffer.byteLength(text.slice(0, head.from)), message.length - 1)
    : undefined;
}
