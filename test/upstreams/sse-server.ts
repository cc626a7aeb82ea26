// A server of 2024-11-05 over HTTP with SSE on the official v1 SDK, in process.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { z } from 'zod';

export interface SseServer {
  readonly url: string;
  /** `METHOD PATH` of every request, without the query. */
  readonly requests: { line: string; headers: IncomingHttpHeaders }[];
  /** Accepted `authorization`; undefined: any. */
  authorization: string | undefined;
  /** What the first event says instead of the true endpoint. */
  endpoint: string | undefined;
  /** Ends every stream, and forgets what was on it. */
  dropStreams(): void;
  close(): Promise<void>;
}

export async function startSseServer(): Promise<SseServer> {
  const transports = new Map<string, { transport: SSEServerTransport; response: ServerResponse }>();
  const state: Pick<SseServer, 'requests' | 'authorization' | 'endpoint'> = {
    requests: [],
    authorization: undefined,
    endpoint: undefined,
  };

  async function open(response: ServerResponse): Promise<void> {
    const server = new McpServer({ name: 'old', version: '1.0.0' });
    server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }));
    server.registerTool('grow', {}, () => {
      server.registerTool('grown', {}, () => ({ content: [] }));
      return { content: [{ type: 'text', text: 'grown' }] };
    });
    server.registerTool('progress', {}, async ({ _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
      }
      return { content: [{ type: 'text', text: 'done' }] };
    });
    const transport = new SSEServerTransport('/messages', response);
    transports.set(transport.sessionId, { transport, response });
    response.on('close', () => transports.delete(transport.sessionId));
    await server.connect(transport);
  }

  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    state.requests.push({ line: `${request.method ?? ''} ${pathname}`, headers: request.headers });
    if (state.authorization !== undefined && request.headers.authorization !== state.authorization) {
      return response.writeHead(401).end();
    }
    if (request.method === 'GET' && pathname === '/sse') {
      if (state.endpoint === undefined) return void open(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.write(`event: endpoint\ndata: ${state.endpoint}\n\n`);
    }
    const found = transports.get(searchParams.get('sessionId') ?? '');
    if (request.method !== 'POST' || pathname !== '/messages' || found === undefined)
      return response.writeHead(404).end();
    return void found.transport.handlePostMessage(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return Object.assign(state, {
    url: `http://127.0.0.1:${address.port}/sse`,
    dropStreams() {
      for (const { response } of transports.values()) response.end();
      transports.clear();
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
}
