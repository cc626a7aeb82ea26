// A Streamable HTTP MCP server inside the test's process that records what reached it: calls, headers, cancellations. "Deny" and "once"
// are asserted here, on the upstream's side.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedCall {
  tool: string;
  arguments: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  meta: Record<string, unknown>;
  /** Whether the request was cancelled, by notification or by a closed connection. */
  cancelled: boolean;
}

export interface CountingUpstream {
  readonly url: string;
  readonly calls: RecordedCall[];
  /** Values of `Authorization` that it lets in; anything else gets 401. Undefined: no check. */
  accepts: readonly string[] | undefined;
  /** What it says of its tools from now on, by their names. */
  readonly descriptions: Map<string, string>;
  /** How many requests got 401. */
  refused: number;
  /** Resolves when `count` calls of `tool` have arrived. */
  arrived(tool: string, count?: number): Promise<void>;
  /** Resolves when a call was cancelled. */
  cancelled(): Promise<void>;
  /** Answers every call of `hold` that waits, and those to come. */
  release(): void;
  /** From now on it is as new: it has noted nothing, and holds calls of `hold`. What waits is answered. */
  renew(): void;
  close(): Promise<void>;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: {
    name?: string;
    arguments?: Record<string, unknown>;
    protocolVersion?: string;
    requestId?: string | number;
    _meta?: { progressToken?: string | number };
  };
}

const TOOLS = [
  { name: 'echo', description: 'Returns its argument.', properties: { text: { type: 'string' } } },
  { name: 'hold', description: 'Answers when the test lets it.', properties: {} },
  {
    name: 'progress',
    description: 'Reports three steps; answers when the test lets it, at once without a progress token.',
    properties: {},
  },
  { name: 'fail', description: 'Returns a tool error.', properties: {} },
  { name: 'large', description: 'Returns `bytes` bytes of text.', properties: { bytes: { type: 'number' } } },
].map(({ name, description, properties }) => ({ name, description, inputSchema: { type: 'object', properties } }));

const readBody = async (request: IncomingMessage): Promise<Message> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message;
};

const text = (value: string, isError = false) => ({
  content: [{ type: 'text', text: value }],
  ...(isError && { isError }),
});

export async function startCountingUpstream(options: { accepts?: readonly string[] } = {}): Promise<CountingUpstream> {
  const calls: RecordedCall[] = [];
  const descriptions = new Map<string, string>();
  const waiting = new Map<string | number, { call: RecordedCall; answer: () => void }>();
  const watchers = new Set<() => void>();
  let released = false;
  const changed = () => {
    for (const watcher of [...watchers]) watcher();
  };
  const when = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });

  function callTool(message: Message, request: IncomingMessage, response: ServerResponse) {
    const { name = '', arguments: args = {}, _meta } = message.params ?? {};
    const call: RecordedCall = {
      ...{ tool: name, arguments: args, headers: request.headers, cancelled: false },
      meta: { ..._meta },
    };
    calls.push(call);
    changed();
    const answer = (result: unknown) => send(response, { jsonrpc: '2.0', id: message.id, result });
    if (name === 'echo') answer(text(typeof args['text'] === 'string' ? args['text'] : ''));
    else if (name === 'fail') answer(text('the tool failed on purpose', true));
    else if (name === 'large') answer(text('z'.repeat(Number(args['bytes']))));
    else if (name === 'progress') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const token = _meta?.progressToken;
      for (const progress of token === undefined ? [] : [1, 2, 3]) {
        const params = { progressToken: token, progress, total: 3 };
        event(response, { jsonrpc: '2.0', method: 'notifications/progress', params });
      }
      const finish = () => {
        event(response, { jsonrpc: '2.0', id: message.id, result: text('three steps') });
        response.end();
      };
      if (token === undefined || released) finish();
      else waiting.set(message.id ?? '', { call, answer: finish });
    } else if (name === 'hold') {
      const id = message.id ?? '';
      const finish = () => {
        waiting.delete(id);
        answer(text('released'));
      };
      if (released) return finish();
      waiting.set(id, { call, answer: finish });
      response.once('close', () => {
        if (!response.writableFinished) cancel(id);
      });
    } else
      send(response, { jsonrpc: '2.0', id: message.id, error: { code: -32602, message: `Unknown tool: ${name}` } });
  }

  function cancel(id: string | number | undefined) {
    const held = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || held === undefined) return;
    held.call.cancelled = true;
    waiting.delete(id);
    changed();
  }

  async function handle(request: IncomingMessage, response: ServerResponse) {
    if (request.method !== 'POST') return response.writeHead(405, { allow: 'POST' }).end();
    if (upstream.accepts !== undefined && !upstream.accepts.includes(request.headers.authorization ?? '')) {
      upstream.refused += 1;
      return response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    }
    const message = await readBody(request);
    const { id, method, params } = message;
    if (method === 'notifications/cancelled') cancel(params?.requestId);
    if (id === undefined) return response.writeHead(202).end();
    if (method === 'initialize') {
      const protocolVersion = params?.protocolVersion ?? '2025-11-25';
      const result = {
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'counting', version: '1.0.0' },
      };
      return send(response, { jsonrpc: '2.0', id, result });
    }
    if (method === 'ping') return send(response, { jsonrpc: '2.0', id, result: {} });
    if (method === 'tools/list') {
      const tools = TOOLS.map((tool) => ({ ...tool, description: descriptions.get(tool.name) ?? tool.description }));
      return send(response, { jsonrpc: '2.0', id, result: { tools } });
    }
    if (method === 'tools/call') return callTool(message, request, response);
    return send(response, {
      jsonrpc: '2.0',
      id,
      error: { code: -32601, message: `Method not found: ${String(method)}` },
    });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: CountingUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    calls,
    accepts: options.accepts,
    descriptions,
    refused: 0,
    arrived: (tool, count = 1) => when(() => calls.filter((call) => call.tool === tool).length >= count),
    cancelled: () => when(() => calls.some((call) => call.cancelled)),
    release() {
      released = true;
      for (const { answer } of waiting.values()) answer();
    },
    renew() {
      upstream.release();
      waiting.clear();
      released = false;
      calls.length = 0;
      upstream.refused = 0;
      upstream.accepts = options.accepts;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}

function send(response: ServerResponse, message: unknown) {
  const body = JSON.stringify(message);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

function event(response: ServerResponse, message: unknown) {
  response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
}
