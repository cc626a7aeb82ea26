// Streamable HTTP in front of `mcpgate serve`, because the suites speak only HTTP: one process a session of a client of before 2026-07-28,
// one a scenario for the requests of the others. The official SDK ends HTTP here; the JSON-RPC behind it is mcpgate's.
import type { ServerResponse } from 'node:http';
import type { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { classifyInboundRequest, isInitializeRequest } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { openLoopbackEndpoint, type EndpointRequest, type LoopbackEndpoint } from './loopback-endpoint.ts';
import { createModernProcesses } from './modern-processes.ts';
import { createRelatedRequests } from './related-request.ts';
import { SESSION_UNKNOWN } from './upstream/http-upstream.ts';
import { createSessionTransport, type Sessions } from './upstream/session-transport.ts';
import { HEADER_MISMATCH, wrongHeader } from './standard-headers.ts';
import { startServeProcess, type ServeCommand, type ServeProcess } from './serve-process.ts';

/** Names the scenario that a request belongs to. */
export const SCENARIO_HEADER = 'x-conformance-scenario';

export async function startBridge(serve: ServeCommand): Promise<LoopbackEndpoint> {
  const sessions: Sessions = new Map();
  const processes = new Set<ServeProcess>();
  const modern = createModernProcesses(serve);

  async function openSession(): Promise<NodeStreamableHTTPServerTransport> {
    const related = createRelatedRequests();
    const transport = createSessionTransport(sessions);
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

  async function handle(request: EndpointRequest, response: ServerResponse, body: unknown) {
    const header = (name: string) => request.headers[name]?.toString();
    const [version, method, name] = [header('mcp-protocol-version'), header('mcp-method'), header('mcp-name')];
    const inbound = classifyInboundRequest({
      httpMethod: request.method,
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

  const endpoint = await openLoopbackEndpoint(handle);
  return {
    url: endpoint.url,
    async close() {
      await endpoint.close();
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
