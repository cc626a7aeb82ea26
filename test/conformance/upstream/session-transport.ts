// The sessions of clients of before 2026-07-28, each on a transport of the official SDK.
import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { createEventStore } from './event-store.ts';

export type Sessions = Map<string, NodeStreamableHTTPServerTransport>;

/** One that stands in `sessions` while its session lives; streams of it can be gone on with. */
export function createSessionTransport(sessions: Sessions): NodeStreamableHTTPServerTransport {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: createEventStore(),
    retryInterval: 500,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  return transport;
}
