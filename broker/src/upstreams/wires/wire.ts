// A wire: a way to one server, over a child process or an HTTP endpoint. It carries JSON-RPC texts and knows nothing of their meaning: the peer
// (session/rpc-peer.ts) alone reads messages. Over HTTP an error status is the wire's own to understand, and so are the words that come with it:
// lost-session.ts and http-answer.ts look into them. Large messages are cut on their way in, and put together again on their way out
// (message/pieces.ts).
import type { GateError } from 'mcpgate-shared/error';
import type { TraceFields } from '../../domain/outside/call-span.ts';
import type { Pieces } from '../../message/pieces.ts';

export interface WireEvents {
  /**
   * A text came. Returns whether it is a message; where it is not, the wire counts it as noise, or fails the exchange. `exchange`: the id of the
   * request in whose answer it came, where each request has an exchange of its own (HTTP).
   */
  message(text: string, pieces?: Pieces, exchange?: number): boolean;
  /** The exchange of a request was turned away (HTTP), with this text. Returns whether that answered the request; where not, the exchange fails. */
  refused(text: string, exchange: number): boolean;
  /** Whether a caller still waits for the answer to this request. */
  waits(id: number): boolean;
  /** A message was longer than allowed; `head` and `tail` are its first and last kilobyte. */
  oversize(head: string, tail: string): void;
  /** The wire has ended by itself. Called at most once, and never after `close`. */
  closed(error: GateError): void;
}

export interface SendOptions {
  id?: number;
  pieces?: Pieces;
  /** HTTP headers, names and values in turn; other wires ignore them. With them the message is outside of any HTTP session. */
  headers?: readonly string[];
  /** The span of the request, for wires that have headers. */
  trace?: TraceFields;
}

export interface Wire {
  /**
   * Sends one message. With the `id` of a request the promise may stay pending until the exchange is over. It rejects with a GateError where no
   * answer will come; where the server provably never got the message, that is an AttemptError which says so.
   */
  send(text: string, how?: SendOptions): Promise<void>;
  /** Ends the exchange of a request whose answer no caller waits for any more. */
  drop(id: number): void;
  /** The handshake has agreed on a version, which messages from now on carry. `listen`: opens the stream for the server's own messages (HTTP). */
  established(protocolVersion: string, listen: boolean): void;
  /** True where `send` of a request stays pending until its exchange is over (HTTP); an answer that has not come by then never comes. */
  readonly answersInSend: boolean;
  /** Number of child processes. */
  readonly processes: number;
  /** Ends the wire and all its processes. */
  close(): Promise<void>;
}

export type OpenWire = (events: WireEvents) => Wire;
