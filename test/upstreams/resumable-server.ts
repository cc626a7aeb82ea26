// An MCP server over HTTP on the official v1 SDK with its event store, whose streams end before the answers.
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** Its tool closes its own stream, or has the connection cut, and answers once the client is back. */
export async function startResumableServer(t: TestContext) {
  const comings: (string | undefined)[] = [];
  let executed = 0;
  let onBack: () => void = () => undefined;
  let posting: ServerResponse | undefined;
  const server = new Server({ name: 'sdk', version: '1' }, { capabilities: { tools: {}, logging: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    executed++;
    const back = new Promise<void>((resolve) => (onBack = resolve));
    if (params.name === 'polite') extra.closeSSEStream?.();
    else await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'cut me' } });
    await back;
    return { content: [{ type: 'text', text: `answer to ${params.name}` }] };
  });
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    eventStore: new InMemoryEventStore(),
    retryInterval: 30,
  });
  await server.connect(transport);
  const http = createServer((request, response) => {
    const eventId = request.headers['last-event-id'];
    if (request.method === 'GET' && eventId !== undefined) {
      comings.push(String(eventId));
      onBack();
    }
    if (request.method === 'POST') posting = response;
    void transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    comings,
    executed: () => executed,
    cut: () => posting?.destroy(),
  };
}
