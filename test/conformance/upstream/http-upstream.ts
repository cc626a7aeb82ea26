// The conformance server over Streamable HTTP: a session for each client of before 2026-07-28, a fresh server a request for the others.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { readJson } from '../read-json.ts';
import { createConformanceServer } from './conformance-server.ts';
import { createEventStore } from './event-store.ts';
import { createTaskServer, isForTasks } from './task-server.ts';
import { createTaskStore } from './task-store.ts';

export type Generation = 'old' | 'new';

export interface HttpUpstream {
  readonly url: string;
  close(): Promise<void>;
}

const Listen = z.object({
  method: z.literal('subscriptions/listen'),
  params: z.object({ notifications: z.object({ resourceSubscriptions: z.array(z.string()).optional() }) }),
});
/** As the SDK's own sessions say it. */
export const SESSION_UNKNOWN = -32001;

/** Starts it on a free port of the loopback interface. `generations`: which it speaks; both unless given. */
export async function startHttpUpstream(generations: readonly Generation[] = ['old', 'new']): Promise<HttpUpstream> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();
  const tasks = createTaskStore();
  const modern = createMcpHandler(
    ({ requestInfo }) =>
      requestInfo !== undefined && isForTasks(requestInfo.headers)
        ? createTaskServer(tasks)
        : createConformanceServer({ modern: modern.notify, hasTasks: true }),
    { legacy: 'reject' },
  );
  const serveModern = toNodeHandler({
    async fetch(request, options) {
      const response = await modern.fetch(request, options);
      // As for subscribers of before: told at once.
      for (const uri of Listen.safeParse(options?.parsedBody).data?.params.notifications.resourceSubscriptions ?? [])
        modern.notify.resourceUpdated(uri);
      return response;
    },
  });

  async function openSession(): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: 500,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createConformanceServer().connect(transport);
    return transport;
  }

  async function serveSession(request: IncomingMessage, response: ServerResponse, body: unknown) {
    const id = request.headers['mcp-session-id'];
    const refuse = (status: number, message: string, code = -32000) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
    if (id === undefined && !isInitializeRequest(body)) return refuse(400, 'A session is needed: initialize first');
    const session = id === undefined ? await openSession() : sessions.get(String(id));
    if (session === undefined) return refuse(404, 'Session not found', SESSION_UNKNOWN);
    await session.handleRequest(request, response, body);
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse) {
    const request = Object.assign(incoming, { method: incoming.method ?? '', url: incoming.url ?? '' });
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    const body = request.method === 'POST' ? await readJson(request) : undefined;
    const old = generations.includes('old') && (await isLegacyRequest(await toWebRequest(request, body), body));
    if (old) await serveSession(request, response, body);
    else if (generations.includes('new')) await serveModern(request, response, body);
    else await serveSession(request, response, body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    async close() {
      await modern.close();
      tasks.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
