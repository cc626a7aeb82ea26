// An HTTP answer of the type `text/event-stream`, written event by event. A client that does not read is disconnected.
import type { ServerResponse } from 'node:http';
import type { LoggedEvent } from './event-log.ts';

export interface EventStream {
  /** An event whose id is empty is sent without one: no client can ask for it again. */
  send(event: LoggedEvent): void;
  /** Sends an event without data, to give the client an id from which it can resume. */
  prime(eventId: string): void;
  end(): void;
  readonly closed: boolean;
}

/** How often a comment is sent, because proxies close connections that are silent for a minute. */
const KEEP_ALIVE_MS = 15_000;
/** A client with more unread bytes than this is disconnected; it can resume from the event log. */
const MAX_BUFFERED_BYTES = 80 * 1024 * 1024;
const DATA = Buffer.from('data: ');
const END = Buffer.from('\n\n');

export function openEventStream(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  onClosed: () => void,
): EventStream {
  let closed = false;
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
  response.flushHeaders();
  const keepAlive = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS).unref();
  const over = () => {
    if (closed) return;
    closed = true;
    clearInterval(keepAlive);
    onClosed();
  };
  response.once('close', over);
  response.once('error', over);
  return {
    send({ id, parts }) {
      if (closed) return;
      if (response.writableLength > MAX_BUFFERED_BYTES) return void response.destroy();
      response.cork();
      if (id !== '') response.write(`id: ${id}\n`);
      response.write(DATA);
      for (const part of parts) response.write(part);
      response.write(END);
      response.uncork();
    },
    prime(eventId) {
      if (!closed) response.write(`id: ${eventId}\ndata: \n\n`);
    },
    end() {
      if (!closed) response.end();
      over();
    },
    get closed() {
      return closed;
    },
  };
}
