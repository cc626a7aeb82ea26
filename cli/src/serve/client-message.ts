// What `serve` needs to know of a JSON-RPC message, and no more. By hand: it loads no validation library.

/** A message of the AI client. `id` is the id's JSON text. */
export interface ClientMessage {
  id: string | undefined;
  method: string | undefined;
  params: Readonly<Record<string, unknown>>;
}

/** Undefined where the line is not a JSON object: the broker answers that as the protocol says. */
export function readClientMessage(line: Buffer): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const id: unknown = Reflect.get(value, 'id');
  const method: unknown = Reflect.get(value, 'method');
  const params: unknown = Reflect.get(value, 'params');
  return {
    id: typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : undefined,
    method: typeof method === 'string' ? method : undefined,
    params: typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {},
  };
}

/** The broker writes responses in this order; the id stands in the first bytes, however long the result is. */
const RESPONSE = /^\{"jsonrpc":"2\.0","id":("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*),"(result|error)":/;
const HEAD_BYTES = 1024;

/** The id (JSON text) that a message of the broker answers; undefined: it is no response. */
export function answeredId(message: Buffer): string | undefined {
  const match = RESPONSE.exec(message.toString('utf8', 0, HEAD_BYTES));
  if (match?.[1] === undefined) return undefined;
  return JSON.stringify(JSON.parse(match[1]));
}

/** The broker writes what servers ask in this order. */
const QUESTION = /^\{"jsonrpc":"2\.0","id":("(?:[^"\\]|\\.)*"),"method":/;

/** The id (JSON text) of a question to the client. */
export function askedId(message: Buffer): string | undefined {
  return QUESTION.exec(message.toString('utf8', 0, HEAD_BYTES))?.[1];
}

/** The result text of a response that `answeredId` recognised; undefined for an error. */
export function resultText(message: Buffer): string | undefined {
  const match = RESPONSE.exec(message.toString('utf8', 0, HEAD_BYTES));
  return match?.[2] === 'result'
    ? message.toString('utf8', Buffer.byteLength(match[0]), message.length - 1)
    : undefined;
}
