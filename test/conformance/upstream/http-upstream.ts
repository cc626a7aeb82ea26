// The conformance server over Streamable HTTP: a session for each client of before 2026-07-28, a fresh server a request for the others.
import type { ServerResponse } from 'node:http';
import { type NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler, isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { openLoopbackEndpoint, type EndpointRequest, type LoopbackEndpoint } from '../loopback-endpoint.ts';
import { createConformanceServer } from './conformance-server.ts';
import { createSessionTransport, type Sessions } from './session-transport.ts';
import { createTaskServer, isForTasks } from './task-server.ts';
import { createTaskStore } from './task-store.ts';

export type Generation = 'old' | 'new';

const Listen = z.object({
  method: z.literal('subscriptions/listen'),
  params: z.object({ notifications: z.object({ resourceSubscriptions: z.array(z.string()).optional() }) }),
});
/** As the SDK's own sessions say it. */
export const SESSION_UNKNOWN = -32001;

/** Starts it on a free port of the loopback interface. `generations`: which it speaks; both unless given. */
export async function startHttpUpstream(
  generations: readonly Generation[] = ['old', 'new'],
): Promise<LoopbackEndpoint> {
  const sessions: Sessions = new Map();
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
    const transport = createSessionTransport(sessions);
    await createConformanceServer().connect(transport);
    return transport;
  }

  async function serveSession(request: EndpointRequest, response: ServerResponse, body: unknown) {
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

  async function handle(request: EndpointRequest, response: ServerResponse, body: unknown) {
    const old = generations.includes('old') && (await isLegacyRequest(await toWebRequest(request, body), body));
    if (old) await serveSession(request, response, body);
    else if (generations.includes('new')) await serveModern(request, response, body);
    else await serveSession(request, response, body);
  }

  const endpoint = await openLoopbackEndpoint(handle);
  return {
    url: endpoint.url,
    async close() {
      await modern.close();
      tasks.close();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      await endpoint.close();
    },
  };
}
