// Where the answers to one POST go: one JSON object, or a stream of events, which holds as many answers as the POST held requests.
import type { ServerResponse } from 'node:http';
import type { EventStream } from './event-stream.ts';

export interface Outlet {
  /** The number of its stream. */
  readonly stream: number;
  readonly response: ServerResponse;
  events: EventStream | undefined;
  /** Answers that are still to come. */
  waits: number;
  cancelDelay: () => void;
}

export function createOutlet(stream: number, response: ServerResponse, waits: number): Outlet {
  return { stream, response, events: undefined, waits, cancelDelay: () => undefined };
}
