// What one row of the table of sloppy servers says: everything that it leaves out is done as a well-behaved server does it.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A message that the server got. */
export interface Got {
  method: string | undefined;
  id: unknown;
  params: Readonly<Record<string, unknown>>;
  /** How many of this method came before it. */
  earlier: number;
}

/** The JSON text of the member `result` or `error`, as it is sent; `nothing`: there is no answer. */
export type Said = { result: string } | { error: string } | 'nothing';

/** One HTTP request, of either HTTP transport. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** Undefined: it is no POST. */
  got: Got | undefined;
  /** What `answer` or the well-behaved server says to it, as a JSON-RPC message; undefined: nothing (a notification). */
  message(): string | undefined;
  /** Writes text on the streams that are open for what the server says by itself (2024-11-05: for everything that it says). */
  write(text: string): void;
}

export interface Behaviour {
  /** Any transport. Undefined: as a well-behaved server answers. */
  answer?: (got: Got) => Said | undefined;
  /** stdio: how a message is written, with its line break. */
  line?: (message: string, got: Got) => string;
  /** SSE: how a message is written as an event of the stream, with the blank line at its end. */
  event?: (message: string, got: Got) => string;
  /** The HTTP transports: true where it has seen to the request itself. */
  http?: (exchange: Exchange) => boolean;
}
