// Streamable HTTP in front of `mcpgate serve`, because the suites speak only HTTP: one process a session of a client of before 2026-07-28,
// one a scenario for the requests of the others. The official SDK ends HTTP here; the JSON-RPC behind it is mcpgate's.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { classifyInboundRequest, isInitializeRequest } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { createEventStore } from './upstream/event-store.ts';
import { createModernProcesses } from './modern-processes.ts';
import { readJson } from './read-json.ts';
import { createRelatedRequests } from './related-request.ts';
import { SESSION_UNKNOWN } from './upstream/http-upstream.ts';
import { HEADER_MISMATCH, wrongHeader } from './standard-headers.ts';
import { startServeProcess, type ServeCommand, type ServeProcess } from './serve-process.ts';

/** Names the scenario that a request belongs to. */
export const SCENARIO_HEADER = 'x-conformance-scenario';

export interface Bridge {
  readonly url: string;
  close(): Promise<void>;
}

export async function startBridge(serve: ServeCommand): Promise<Bridge> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const processes = new Set<ServeProcess>();
  const modern = createModernProcesses(serve);
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();

  async function openSession(): Promise<NodeStreamableHTTPServerTransport> {
    const related = createRelatedRequests();
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: 500,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const child = startServeProcess(
      serve,
      (message) => {
        const relatedRequestId = related.of(message);
        // A stream that nobody listens to any more: the client has left, as at the end of each scenario.
        transport.send(message, relatedRequestId === undefined ? {} : { relatedRequestId }).catch(() => undefined);
      },
      () => processes.delete(child),
    );
    processes.add(child);
    transport.onmessage = (message) => {
      related.sent(message);
      child.send(message);
    };
    transport.onclose = () => void child.close();
    await transport.start();
    return transport;
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    const body = request.method === 'POST' ? await readJson(request) : undefined;
    const header = (name: string) => request.headers[name]?.toString();
    const [version, method, name] = [header('mcp-protocol-version'), header('mcp-method'), header('mcp-name')];
    const inbound = classifyInboundRequest({
      httpMethod: request.method ?? '',
      ...(version !== undefined && { protocolVersionHeader: version }),
      ...(method !== undefined && { mcpMethodHeader: method }),
      ...(name !== undefined && { mcpNameHeader: name }),
      body,
    });
    if (inbound.kind === 'reject') return sendError(response, inbound.httpStatus, inbound, body);
    if (inbound.kind === 'modern') {
      const wrong = inbound.messageKind === 'request' ? wrongHeader(inbound.message, header) : undefined;
      if (wrong !== undefined) return sendError(response, 400, { code: HEADER_MISMATCH, message: wrong }, body);
      return modern.handle(header(SCENARIO_HEADER) ?? '', inbound.message, response);
    }
    const id = header('mcp-session-id');
    if (id === undefined && !isInitializeRequest(body)) return sendError(response, 400, NO_INITIALIZE, body);
    const session = id === undefined ? await openSession() : sessions.get(id);
    if (session === undefined) return sendError(response, 404, NO_SESSION, body);
    await session.handleRequest(request, response, body);
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
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([...processes].map((child) => child.close()));
      await modern.close();
    },
  };
}

const Identified = z.object({ id: z.union([z.string(), z.number()]) });

/** Refuses the request in `body` at the HTTP edge. */
function sendError(
  response: ServerResponse,
  status: number,
  { code, message, data }: { code: number; message: string; data?: unknown },
  body: unknown,
) {
  const id = Identified.safeParse(body).data?.id ?? null;
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } }));
}

const NO_SESSION = { code: SESSION_UNKNOWN, message: 'Session not found' };
const NO_INITIALIZE = { code: -32000, message: 'A session is needed: initialize first' };
