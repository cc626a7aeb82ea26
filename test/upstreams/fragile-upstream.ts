// A Streamable HTTP MCP server with sessions that breaks where it is told to, and counts what it has really carried out.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of the next call: its connection dies (after, or before it was carried out), or it is refused. */
export type Mishap = 'dies_after' | 'dies_before' | 'unauthorized' | 'forgets_session';

export interface FragileUpstream {
  readonly url: string;
  /** How often each tool was carried out. */
  readonly executed: Record<string, number>;
  /** How many calls arrived, carried out or not. */
  readonly arrived: () => number;
  /** For the calls to come, one each. */
  readonly mishaps: Mishap[];
  close(): Promise<void>;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name?: string };
}

const TOOLS = [
  { name: 'write' },
  { name: 'read', annotations: { readOnlyHint: true } },
  { name: 'put', annotations: { readOnlyHint: false, idempotentHint: true } },
].map((tool) => ({ ...tool, inputSchema: { type: 'object' } }));

export async function startFragileUpstream(): Promise<FragileUpstream> {
  const executed: Record<string, number> = {};
  const mishaps: Mishap[] = [];
  const sessions = new Set<string>();
  let arrived = 0;
  let made = 0;

  function answer(response: ServerResponse, id: Message['id'], result: unknown, headers: Record<string, string> = {}) {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }

  function call({ id, params }: Message, request: IncomingMessage, response: ServerResponse) {
    arrived += 1;
    const mishap = mishaps.shift();
    if (mishap === 'dies_before') return request.socket.destroy();
    if (mishap === 'unauthorized') return response.writeHead(401).end();
    if (mishap === 'forgets_session') {
      sessions.clear();
      return response.writeHead(404).end('no such session');
    }
    const { name = '' } = params ?? {};
    executed[name] = (executed[name] ?? 0) + 1;
    if (mishap === 'dies_after') return request.socket.destroy();
    return answer(response, id, { content: [{ type: 'text', text: `done ${executed[name]}` }] });
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message;
    const { id, method } = message;
    if (method === 'initialize') {
      made += 1;
      sessions.add(String(made));
      const serverInfo = { name: 'fragile', version: '1.0.0' };
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo };
      return answer(response, id, result, { 'mcp-session-id': String(made) });
    }
    if (!sessions.has(String(request.headers['mcp-session-id']))) return response.writeHead(404).end('no such session');
    if (id === undefined) return response.writeHead(202).end();
    if (method === 'tools/list') return answer(response, id, { tools: TOOLS });
    return call(message, request, response);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    executed,
    mishaps,
    arrived: () => arrived,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
