// A way to one upstream server: a child process or an HTTP endpoint. Carries JSON-RPC texts and knows nothing of their meaning; large
// ones are cut on their way in and put together on their way out (see message/pieces.ts).
import type { GateError } from 'mcpgate-shared/error';
import type { Pieces } from '../../message/pieces.ts';

export interface WireEvents {
  /**
   * One message; false: it is not one, then the wire counts it as noise or fails the exchange. `exchange`: the id of the request in whose
   * answer it came, where each has one of its own.
   */
  message(text: string, pieces?: Pieces, exchange?: number): boolean;
  /** Whether somebody still waits for the answer to this request. */
  waits(id: number): boolean;
  /** A message that was longer than allowed: its first and last kilobyte. */
  oversize(head: string, tail: string): void;
  /** The wire is at its end, by itself. Called at most once, never after `close`. */
  closed(error: GateError): void;
}

export interface SendOptions {
  id?: number;
  pieces?: Pieces;
  /** Names and values in turn, for a wire that has headers: the message stands for itself, outside of any session. */
  headers?: readonly string[];
}

export interface Wire {
  /**
   * Hands one message over. With the `id` of a request it may stay pending until the exchange is over; it rejects with a GateError
   * where no answer will come: an AttemptError that says so where the server provably never had it.
   */
  send(text: string, how?: SendOptions): Promise<void>;
  /** Nobody waits for the answer to this request any more. */
  drop(id: number): void;
  /** The version is agreed on: messages from now on carry it. `listen`: the server may speak by itself from now on. */
  established(protocolVersion: string, listen: boolean): void;
  /** True where `send` of a request stays pending until its exchange is over (HTTP): no answer by then is no answer at all. */
  readonly answersInSend: boolean;
  /** Child processes behind it. */
  readonly processes: number;
  /** Ends it, and every process of it. */
  close(): Promise<void>;
}

export type OpenWire = (events: WireEvents) => Wire;
